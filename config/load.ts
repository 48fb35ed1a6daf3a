/** Reads and checks config/: every fault of every file at once, each with its file and path. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { calendarOf } from '../functions/_calendar/calendar.ts'
import { type Config, Datasets, Qc, Universe, VendorCapabilities } from './schema.ts'

/** The configuration cannot be used; the message lists every fault, one a line. */
export class ConfigError extends Error {
  readonly faults: string[]
  constructor(faults: string[]) {
    super(
      `the configuration has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n${faults.map((fault) => `  ${fault}`).join('\n')}`,
    )
    this.name = 'ConfigError'
    this.faults = faults
  }
}

export interface ConfigFiles {
  folder: string
  /** Another file in the format of universe.yaml. */
  universe?: string
  /** Names of the vendors there are connectors for. */
  vendors: readonly string[]
}

export async function loadConfig({ folder, universe, vendors }: ConfigFiles): Promise<Config> {
  const faults: string[] = []
  const capabilities = await read(join(folder, 'vendor_capabilities.yaml'), VendorCapabilities, faults)
  const datasets = await read(join(folder, 'datasets.yaml'), Datasets, faults)
  const symbols = await read(universe ?? join(folder, 'universe.yaml'), Universe, faults)
  const qc = await read(join(folder, 'qc.yaml'), Qc, faults)
  if (capabilities && datasets && symbols && qc) {
    const config = { vendors: capabilities.vendors, datasets: datasets.datasets, universe: symbols.symbols, qc }
    faults.push(...contradictions(config, folder, universe ?? join(folder, 'universe.yaml'), vendors))
    if (faults.length === 0) return config
  }
  throw new ConfigError(faults)
}

async function read<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  faults: string[],
): Promise<z.output<Schema> | undefined> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    faults.push(
      `${file}: cannot be read (${error instanceof Error && 'code' in error ? error.code : error}): create it or name another folder in CONFIG_DIR`,
    )
    return undefined
  }
  const document = parseDocument(text, { prettyErrors: true })
  if (document.errors.length > 0) {
    faults.push(...document.errors.map((error) => `${file}: ${error.message.split('\n')[0]}`))
    return undefined
  }
  const parsed = schema.safeParse(document.toJS())
  if (parsed.success) return parsed.data
  faults.push(...parsed.error.issues.flatMap((issue) => describe(file, issue)))
  return undefined
}

/** A union's issue says only "invalid input": its branches say what was wrong. */
function describe(file: string, issue: z.core.$ZodIssue): string[] {
  const at = issue.path.join('.') || 'the file'
  if (issue.code !== 'invalid_union') return [`${file}: ${at}: ${issue.message}`]
  const branches = issue.errors.map((branch) =>
    branch.map((inner) => [...inner.path, inner.message].join(' ')).join(', '),
  )
  return [`${file}: ${at}: expected one of its forms (${branches.join(' | ')})`]
}

/** What each file allows but the files together do not. */
function contradictions(config: Config, folder: string, universeFile: string, vendors: readonly string[]): string[] {
  const faults: string[] = []
  const registry = join(folder, 'vendor_capabilities.yaml')
  for (const [name, vendor] of Object.entries(config.vendors)) {
    if (!vendors.includes(name))
      faults.push(`${registry}: vendors.${name}: there is no connector of this name (${vendors.join(', ')})`)
    for (const dataset of Object.keys(vendor.datasets)) {
      if (!(dataset in config.datasets))
        faults.push(`${registry}: vendors.${name}.datasets.${dataset}: datasets.yaml does not have this dataset`)
    }
  }
  for (const [name, spec] of Object.entries(config.datasets)) {
    const at = `${join(folder, 'datasets.yaml')}: datasets.${name}`
    if (spec.universe === 'groups' && !spec.groups) faults.push(`${at}.groups: a dataset of groups lists them`)
    if (spec.expected_rows === 'series' && !spec.groups)
      faults.push(`${at}.expected_rows: series are counted only for a dataset of groups`)
    if ('from' in spec.depth && spec.depth.from < calendarOf(spec.calendar).first) {
      faults.push(`${at}.depth.from: the calendar ${spec.calendar} begins on ${calendarOf(spec.calendar).first}`)
    }
  }
  const seen = new Set<string>()
  for (const { symbol, from, to } of config.universe) {
    if (seen.has(symbol)) faults.push(`${universeFile}: symbols: ${symbol} is listed twice`)
    if (to !== null && to < from)
      faults.push(`${universeFile}: symbols: ${symbol} ends (${to}) before it begins (${from})`)
    seen.add(symbol)
  }
  return faults
}
