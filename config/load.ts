/** Reads and checks config/: every fault of every file at once, each with its file and path. */
import { access } from 'node:fs/promises'
import { join } from 'node:path'
import type { z } from 'zod'
import { MOST_MINUTES } from '../functions/_calendar/calendar.ts'
import type { DatasetName } from '../functions/_market/cell.ts'
import { describeIssues, type Fault, faultText, unknownName } from './describe-fault.ts'
import { type ConfigOverrides, depthFaults, withOverrides } from './overrides.ts'
import { rulesetOf } from './ruleset.ts'
import { type Config, type DatasetConfig, Datasets, Notifications, Qc, Universe, VendorCapabilities } from './schema.ts'
import { readSource, type SourceFile, UnreadableSource } from './source-file.ts'
import { universeFaults, withSymbols } from './universe.ts'

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
  /** Another file in the format of universe.yaml, or a .txt with one ticker a line. */
  universe?: string
  /** What the environment says in place of the files. */
  overrides?: ConfigOverrides
  /** Names of the vendors there are connectors for. */
  vendors: readonly string[]
  /** What each connector can fetch; left out, that is not looked at. */
  fetches?: Readonly<Record<string, readonly string[]>>
}

export async function loadConfig(files: ConfigFiles): Promise<Config> {
  const { folder, vendors: connectors, fetches = {}, overrides = {} } = files
  const faults: string[] = []
  const file = (name: string): string => join(folder, name)
  const capabilities = await readChecked(file('vendor_capabilities.yaml'), VendorCapabilities, faults)
  const wanted = await readChecked(file('datasets.yaml'), Datasets, faults)
  const listed = await readChecked(
    files.universe ?? file('universe.yaml'),
    Universe,
    faults,
    files.universe === undefined ? 'CONFIG_DIR' : 'UNIVERSE',
  )
  const qc = await readChecked(file('qc.yaml'), Qc, faults)
  // A folder of an older version has no such file.
  const notifications = (await isThere(file('notifications.yaml')))
    ? (await readChecked(file('notifications.yaml'), Notifications, faults))?.value
    : Notifications.parse({})
  const datasets = wanted && withOverrides(wanted.value, overrides, faults)
  // Files that could be read are compared even when another could not: one message then lists every fault to repair.
  const check = (source: SourceFile, found: Fault[]): void =>
    void faults.push(...found.map((one) => faultText(source, one)))
  if (capabilities) check(capabilities.source, registryFaults(capabilities.value, datasets, connectors, fetches))
  if (wanted) check(wanted.source, datasetFaults(wanted.value))
  if (listed) check(listed.source, universeFaults(listed.value.symbols))
  if (qc) check(qc.source, qcFaults(qc.value))
  if (capabilities && datasets && listed && qc && notifications && faults.length === 0) {
    return enabledOnly({
      vendors: withLimits(capabilities.value.vendors),
      datasets: datasets.datasets,
      disabledDatasets: {},
      disabled: [],
      incidents: datasets.incidents,
      maxOpenTasks: datasets.max_open_tasks,
      disk: datasets.disk,
      scrub: datasets.scrub,
      retention: datasets.retention,
      universe: withSymbols(listed.value.symbols, overrides.symbols),
      qc: { ...qc.value, ruleset: rulesetOf(qc.value) },
      notifications,
    })
  }
  throw new ConfigError(faults)
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** Reads a file and checks it; adds its faults to those of the others. */
export async function readChecked<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
  faults: string[],
  variable = 'CONFIG_DIR',
): Promise<{ source: SourceFile; value: z.output<Schema> } | undefined> {
  try {
    const source = await readSource(file, variable)
    const parsed = schema.safeParse(source.value)
    if (parsed.success) return { source, value: parsed.data }
    faults.push(...describeIssues(source, schema, parsed.error.issues).map((fault) => faultText(source, fault)))
  } catch (error) {
    if (!(error instanceof UnreadableSource)) throw error
    faults.push(...error.faults)
  }
  return undefined
}

/** A disabled dataset is not part of the configuration. A disabled vendor stays in it: whatever it delivered keeps its place among the versions. */
function enabledOnly(config: Config): Config {
  type Entry = { enabled?: boolean | undefined }
  const disabledIn = (entries: Partial<Record<string, Entry>>): string[] =>
    Object.entries(entries).flatMap(([name, entry]) => (entry?.enabled === false ? [name] : []))
  const disabled = [
    ...disabledIn(config.datasets).map((name) => `datasets.${name}`),
    ...disabledIn(config.vendors).map((name) => `vendors.${name}`),
    ...Object.entries(config.vendors).flatMap(([vendor, { datasets }]) =>
      disabledIn(datasets).map((name) => `vendors.${vendor}.datasets.${name}`),
    ),
  ]
  const isDisabled = ([, { enabled }]: [string, DatasetConfig]): boolean => enabled === false
  const datasets = Object.entries(config.datasets)
  return {
    ...config,
    datasets: Object.fromEntries(datasets.filter((one) => !isDisabled(one))),
    disabledDatasets: Object.fromEntries(datasets.filter(isDisabled)),
    disabled,
  }
}

type Registry = z.output<typeof VendorCapabilities>['vendors']

function registryFaults(
  { vendors }: { vendors: Registry },
  datasets: z.output<typeof Datasets> | undefined,
  connectors: readonly string[],
  fetches: Readonly<Record<string, readonly string[]>>,
): Fault[] {
  const faults: Fault[] = []
  const fault = (path: string[], message: string): void => void faults.push({ path: ['vendors', ...path], message })
  for (const [name, vendor] of Object.entries(vendors)) {
    const connector = vendor.connector ?? name
    if (!connectors.includes(connector))
      fault([name], `there is no connector of this name ${unknownName(connector, connectors)}`)
    for (const message of accountFaults(name, vendors)) fault([name, 'account'], message)
    for (const dataset of Object.keys(vendor.datasets) as DatasetName[]) {
      const at = [name, 'datasets', dataset]
      const spec = datasets?.datasets[dataset]
      if (datasets && !spec) fault(at, 'datasets.yaml does not have this dataset')
      if (spec) for (const message of sessionFaults(vendor, vendors, dataset, spec)) fault([...at, 'shape'], message)
      const able = fetches[connector]
      if (able && !able.includes(dataset)) fault(at, `its connector cannot fetch it, only ${able.join(', ')}`)
    }
  }
  return faults
}

function accountFaults(name: string, vendors: Registry): string[] {
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
  vendor: Registry[string],
  vendors: Registry,
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
const withLimits = (vendors: Registry): Config['vendors'] =>
  Object.fromEntries(
    Object.entries(vendors).map(([name, vendor]) => {
      const { calls_per_minute = 0, calls_per_day = null, today_share = 0 } = vendors[vendor.account ?? name] ?? vendor
      return [name, { ...vendor, calls_per_minute, calls_per_day, today_share }]
    }),
  )

function datasetFaults({ datasets }: z.output<typeof Datasets>): Fault[] {
  const faults: Fault[] = []
  for (const [name, spec] of Object.entries(datasets)) {
    const fault = (path: string[], message: string): void =>
      void faults.push({ path: ['datasets', name, ...path], message })
    const columns = new Set(spec.columns.map((column) => column.name))
    if (spec.universe === 'groups' && !spec.groups) fault(['groups'], 'a dataset of groups lists them')
    if (spec.expected_rows === 'series' && !spec.groups)
      fault(['expected_rows'], 'series are counted only for a dataset of groups')
    if (spec.sessions === 'regular' && spec.expected_rows !== 'session_minutes')
      fault(['sessions'], 'only minutes of a session can be left out: remove it')
    for (const message of depthFaults(spec)) fault(['depth', 'from'], message)
    for (const twice of repeated(spec.columns.map((column) => column.name)))
      fault(['columns'], `${twice} is listed twice`)
    for (const key of spec.key)
      if (!columns.has(key)) fault(['key'], `there is no column ${key} ${unknownName(key, [...columns])}`)
    if (columns.has('ts') && !spec.timeframe) fault(['timeframe'], 'a dataset of bars says how long a bar lasts')
    if (spec.expected_rows === 'contracts' && !spec.contracts)
      fault(['contracts'], 'a dataset of option contracts says which are collected')
    for (const [group, { series }] of Object.entries(spec.groups ?? {}))
      for (const twice of repeated(series.map(({ id }) => id))) fault(['groups', group], `${twice} is listed twice`)
  }
  return faults
}

function qcFaults({ completeness: { amber_below, red_below } }: z.output<typeof Qc>): Fault[] {
  if (red_below <= amber_below) return []
  const message = `lies above amber_below (${amber_below}), so no cell could be AMBER`
  return [{ path: ['completeness', 'red_below'], message }]
}

/** Texts that occur again, each once. */
const repeated = (texts: readonly string[]): string[] => [
  ...new Set(texts.filter((text, index) => texts.indexOf(text) !== index)),
]
