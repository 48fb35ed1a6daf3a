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
  const universeFile = universe ?? join(folder, 'universe.yaml')
  // What could be read is compared even when another file cannot be: one look at the message mends everything.
  if (capabilities)
    faults.push(...registryFaults(capabilities, datasets, join(folder, 'vendor_capabilities.yaml'), vendors))
  if (datasets) faults.push(...datasetFaults(datasets, join(folder, 'datasets.yaml')))
  if (symbols) faults.push(...universeFaults(symbols, universeFile))
  if (qc) faults.push(...qcFaults(qc, join(folder, 'qc.yaml')))
  if (capabilities && datasets && symbols && qc && faults.length === 0) {
    return { vendors: capabilities.vendors, datasets: datasets.datasets, universe: symbols.symbols, qc }
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

function registryFaults(
  { vendors }: z.output<typeof VendorCapabilities>,
  datasets: z.output<typeof Datasets> | undefined,
  file: string,
  connectors: readonly string[],
): string[] {
  const faults: string[] = []
  for (const [name, vendor] of Object.entries(vendors)) {
    if (!connectors.includes(name))
      faults.push(`${file}: vendors.${name}: there is no connector of this name (${connectors.join(', ')})`)
    for (const dataset of Object.keys(vendor.datasets)) {
      if (datasets && !(dataset in datasets.datasets))
        faults.push(`${file}: vendors.${name}.datasets.${dataset}: datasets.yaml does not have this dataset`)
    }
  }
  return faults
}

function datasetFaults({ datasets }: z.output<typeof Datasets>, file: string): string[] {
  const faults: string[] = []
  for (const [name, spec] of Object.entries(datasets)) {
    const at = `${file}: datasets.${name}`
    if (spec.universe === 'groups' && !spec.groups) faults.push(`${at}.groups: a dataset of groups lists them`)
    if (spec.expected_rows === 'series' && !spec.groups)
      faults.push(`${at}.expected_rows: series are counted only for a dataset of groups`)
    if ('from' in spec.depth && spec.depth.from < calendarOf(spec.calendar).first) {
      faults.push(`${at}.depth.from: the calendar ${spec.calendar} begins on ${calendarOf(spec.calendar).first}`)
    }
    for (const twice of repeated(spec.columns.map((column) => column.name)))
      faults.push(`${at}.columns: ${twice} is listed twice`)
    for (const [group, { series }] of Object.entries(spec.groups ?? {})) {
      for (const twice of repeated(series.map(({ id }) => id)))
        faults.push(`${at}.groups.${group}: ${twice} is listed twice`)
    }
  }
  return faults
}

function universeFaults({ symbols }: z.output<typeof Universe>, file: string): string[] {
  const ends = symbols.flatMap(({ symbol, from, to }) =>
    to !== null && to < from ? [`${file}: symbols: ${symbol} ends (${to}) before it begins (${from})`] : [],
  )
  const twice = repeated(symbols.map(({ symbol }) => symbol))
  return [...twice.map((symbol) => `${file}: symbols: ${symbol} is listed twice`), ...ends]
}

function qcFaults({ completeness }: z.output<typeof Qc>, file: string): string[] {
  if (completeness.red_below <= completeness.amber_below) return []
  return [
    `${file}: completeness.red_below: lies above amber_below (${completeness.amber_below}), so no cell could be AMBER`,
  ]
}

/** Texts that occur again, each once. */
const repeated = (texts: readonly string[]): string[] => [
  ...new Set(texts.filter((text, index) => texts.indexOf(text) !== index)),
]
