/** Reads and checks config/: every fault of every file at once, each with its file and path. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseDocument } from 'yaml'
import type { z } from 'zod'
import { calendarOf, MOST_MINUTES } from '../functions/_calendar/calendar.ts'
import type { DatasetName } from '../functions/_market/cell.ts'
import { type Config, type DatasetConfig, Datasets, Qc, Universe, VendorCapabilities } from './schema.ts'

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
  /** What each connector can fetch; left out, that is not looked at. */
  fetches?: Readonly<Record<string, readonly string[]>>
}

export async function loadConfig({ folder, universe, vendors, fetches = {} }: ConfigFiles): Promise<Config> {
  const faults: string[] = []
  const capabilities = await read(join(folder, 'vendor_capabilities.yaml'), VendorCapabilities, faults)
  const datasets = await read(join(folder, 'datasets.yaml'), Datasets, faults)
  const symbols = await read(universe ?? join(folder, 'universe.yaml'), Universe, faults)
  const qc = await read(join(folder, 'qc.yaml'), Qc, faults)
  const universeFile = universe ?? join(folder, 'universe.yaml')
  // Files that could be read are compared even when another could not: one message then lists every fault to repair.
  if (capabilities)
    faults.push(...registryFaults(capabilities, datasets, join(folder, 'vendor_capabilities.yaml'), vendors, fetches))
  if (datasets) faults.push(...datasetFaults(datasets, join(folder, 'datasets.yaml')))
  if (symbols) faults.push(...universeFaults(symbols, universeFile))
  if (qc) faults.push(...qcFaults(qc, join(folder, 'qc.yaml')))
  if (capabilities && datasets && symbols && qc && faults.length === 0) {
    return {
      vendors: withLimits(capabilities.vendors),
      datasets: datasets.datasets,
      incidents: datasets.incidents,
      maxOpenTasks: datasets.max_open_tasks,
      disk: datasets.disk,
      scrub: datasets.scrub,
      universe: symbols.symbols,
      qc,
    }
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
  const document = parseDocument(text, { prettyErrors: true, merge: true })
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
  fetches: Readonly<Record<string, readonly string[]>>,
): string[] {
  const faults: string[] = []
  for (const [name, vendor] of Object.entries(vendors)) {
    if (!connectors.includes(vendor.connector ?? name))
      faults.push(`${file}: vendors.${name}: there is no connector of this name (${connectors.join(', ')})`)
    faults.push(...accountFaults(name, vendors).map((fault) => `${file}: vendors.${name}.account: ${fault}`))
    for (const dataset of Object.keys(vendor.datasets) as DatasetName[]) {
      const at = `${file}: vendors.${name}.datasets.${dataset}`
      const spec = datasets?.datasets[dataset]
      if (datasets && !spec) faults.push(`${at}: datasets.yaml does not have this dataset`)
      if (spec) faults.push(...sessionFaults(vendor, vendors, dataset, spec).map((fault) => `${at}.shape: ${fault}`))
      const able = fetches[vendor.connector ?? name]
      if (able && !able.includes(dataset)) faults.push(`${at}: its connector cannot fetch it, only ${able.join(', ')}`)
    }
  }
  return faults
}

function accountFaults(name: string, vendors: z.output<typeof VendorCapabilities>['vendors']): string[] {
  const account = vendors[name]?.account
  if (account === undefined) return []
  const owner = vendors[account]
  if (!owner) return [`there is no vendor ${account} whose calls could be shared`]
  if (account === name) return ['it cannot share its own calls: leave it out']
  if (owner.account !== undefined) return [`${account} shares the calls of ${owner.account} itself: name that one`]
  const [mine, theirs] = [vendors[name]?.connector ?? name, owner.connector ?? account]
  return mine === theirs ? [] : [`${account} is asked with the keys of ${theirs}, this one with those of ${mine}`]
}

/**
 * A cell is answered by one plan or not at all: a session of minutes that takes more calls than may be sent in a minute, or on a day, would
 * be begun again and again.
 */
function sessionFaults(
  vendor: z.output<typeof VendorCapabilities>['vendors'][string],
  vendors: z.output<typeof VendorCapabilities>['vendors'],
  dataset: DatasetName,
  { expected_rows }: DatasetConfig,
): string[] {
  const { rows_per_page } = vendor.datasets[dataset]!.shape
  if (expected_rows !== 'session_minutes') return []
  const limits = vendors[vendor.account ?? ''] ?? vendor
  const { calls_per_minute = 0, calls_per_day = null, today_share = 0 } = limits
  // A page more says that nothing follows.
  const calls = Math.ceil((MOST_MINUTES + 1) / rows_per_page)
  const tooFew = (most: number, of: string): string[] =>
    most === 0 || calls <= most
      ? []
      : [`a session of ${MOST_MINUTES} minutes takes ${calls} calls, more than the ${most} ${of}`]
  return [
    ...tooFew(calls_per_minute - Math.floor(calls_per_minute * today_share), 'a minute that backfill may send'),
    ...tooFew(calls_per_day ?? 0, 'a day'),
  ]
}

/** Every vendor with the limits it is held to: an account's own, for all that share it. */
const withLimits = (vendors: z.output<typeof VendorCapabilities>['vendors']): Config['vendors'] =>
  Object.fromEntries(
    Object.entries(vendors).map(([name, vendor]) => {
      const { calls_per_minute = 0, calls_per_day = null, today_share = 0 } = vendors[vendor.account ?? name] ?? vendor
      return [name, { ...vendor, calls_per_minute, calls_per_day, today_share }]
    }),
  )

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
    const columns = new Set(spec.columns.map(({ name }) => name))
    for (const name of spec.key) if (!columns.has(name)) faults.push(`${at}.key: there is no column ${name}`)
    if (columns.has('ts') && !spec.timeframe)
      faults.push(`${at}.timeframe: a dataset of bars says how long a bar lasts`)
    if (spec.expected_rows === 'contracts' && !spec.contracts)
      faults.push(`${at}.contracts: a dataset of option contracts says which are collected`)
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
  const names = symbols.flatMap(({ symbol, to, was = [] }) => {
    const lasts = [...was.map((name) => name.to), ...(to === null ? [] : [to])]
    const isAscending = lasts.every((dt, at) => at === 0 || (lasts[at - 1] as string) < dt)
    return isAscending
      ? []
      : [`${file}: symbols: ${symbol}.was: expected the oldest name first, each ending before the next`]
  })
  const twice = repeated(symbols.map(({ symbol }) => symbol))
  return [...names, ...twice.map((symbol) => `${file}: symbols: ${symbol} is listed twice`), ...ends]
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
