/** The scene of a demo: which day it is, what the vendors hold, and what the node is told to want. */
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Config, DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { expectedRange } from '../../functions/_expected/expected.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { addDays, type Dt, maxDt, minDt } from '../../functions/_market/dt.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { syntheticActions } from '../lab/action-source.ts'
import { folderBars } from '../lab/folder.ts'
import { folderActions } from '../lab/folder-actions.ts'
import { folderOptions } from '../lab/folder-options.ts'
import { folderYields } from '../lab/folder-yields.ts'
import type { Death, LabOptions, YieldSource } from '../lab/lab.ts'
import { NO_OPTIONS } from '../lab/option-source.ts'
import type { LabSplit } from '../lab/source.ts'
import { makeHoles, syntheticBars, syntheticYields, type UniverseEntry } from '../lab/synthetic.ts'
import { syntheticOptions } from '../lab/synthetic-options.ts'
import { OptionError } from './arguments.ts'
import type { Options } from './options.ts'

/** A Tuesday whose last five sessions include the half day before Independence Day. */
const SYNTHETIC_ASOF = '2025-07-08'
/** How much of each dataset the synthetic scene wants: enough to show everything, little enough to watch. */
const SYNTHETIC_DEPTH: Record<DatasetName, DatasetConfig['depth']> = {
  equities_bars: { years: 2 },
  equities_bars_minute: { sessions: 5 },
  options_bars: { sessions: 5 },
  macro_treasury: { years: 20 },
  corporate_actions: { years: 2 },
}
/** Underliers whose options the synthetic vendors hold. */
const UNDERLIERS = 2
/** Names that trade so thinly that many minutes pass without a trade. */
const THIN = new Set(['SEB', 'NVR'])
/** The split of a real company, so that a person recognises it; a universe without it gets one of its own. */
const SPLIT = { symbol: 'NVDA', exDt: '2024-06-10', ratio: 10 }
const OTHER_RATIO = 4
/** Of a long list of symbols a refusal names so many. */
const MOST_NAMED = 50

export interface Scene {
  asof: Dt
  plan: 'basic' | 'open'
  config: Config
  sources: Pick<LabOptions, 'alpaca' | 'massive' | 'fred' | 'actions' | 'options'>
  deaths: Death[]
}

/** Throws an Error with one clear sentence for a folder, file or day that cannot be used. */
export async function setScene(options: Options): Promise<Scene> {
  const shipped = await loadConfig({
    folder: resolve('config'),
    ...(options.universe ? { universe: resolve(options.universe) } : {}),
    vendors: CONNECTORS.map(({ name }) => name),
  })
  const folders = options['alpaca-data'] ?? options['massive-data'] ?? options['fred-data'] ?? options['options-data']
  const scene = folders === undefined ? syntheticScene(options, shipped) : folderScene(options, shipped)
  if (options.from && options.from > scene.asof) {
    throw new OptionError(`--from ${options.from} lies after the as-of day ${scene.asof}: nothing would be expected`)
  }
  return scene
}

function syntheticScene(options: Options, shipped: Config): Scene {
  const asof = options.asof ?? SYNTHETIC_ASOF
  checkSession(asof)
  const known = shipped.universe.map(({ symbol }) => symbol)
  checkSymbols(options.symbols, known, `${options.universe ?? 'config/universe.yaml'} has`)
  const config = {
    ...shipped,
    universe: pickOf(shipped, options.symbols),
    datasets: datasetsWanted(options, shipped, (name) =>
      options.from ? { from: options.from } : SYNTHETIC_DEPTH[name],
    ),
  }
  const minutes = config.datasets.equities_bars_minute
  const minuteDays = minutes ? calendarOf('xnys').sessions(expectedRange(minutes, asof).fromDt, asof) : []
  const daily = config.datasets.equities_bars
  const sessions = daily ? calendarOf('xnys').sessions(expectedRange(daily, asof).fromDt, asof) : minuteDays
  const universe = withSplit(
    config.universe.map((entry) => ({ ...entry, thin: THIN.has(entry.symbol) })),
    underliersOf(config),
    sessions,
  )
  // Enough half-delivered minute days that a night holds some.
  const holes = makeHoles(options.seed, universe, sessions, { rates: { alpacaPartial: 0.04 } })
  const source = (vendor: 'alpaca' | 'massive') => syntheticBars({ seed: options.seed, universe, vendor, holes })
  const from = daily ? expectedRange(daily, asof).fromDt : asof
  const actions = syntheticActions({ seed: options.seed, universe, from, to: addDays(asof, 30) })
  const chains = config.datasets.options_bars
    ? syntheticOptions({
        seed: options.seed,
        underliers: underliersOf(config),
        bars: syntheticBars({ seed: options.seed, universe, vendor: 'alpaca' }),
        from: expectedRange(config.datasets.options_bars, asof).fromDt,
        to: addDays(asof, config.datasets.options_bars.contracts?.expire_within_days ?? 0),
      })
    : NO_OPTIONS
  // Alpaca delivers the newest day and all daily bars, and dies over the older minutes: Massive has to finish the night.
  const deaths: Death[] =
    options.kill || minuteDays.slice(-4, -1).length === 0
      ? []
      : [
          {
            vendor: 'alpaca',
            dataset: 'equities_bars_minute',
            dt: minuteDays.at(-3) ?? minuteDays[0]!,
            until: minuteDays.at(-2)!,
          },
        ]
  const plan = options.plan ?? 'basic'
  return {
    asof,
    plan,
    config: plan === 'open' ? withoutWalls(config) : config,
    sources: {
      alpaca: source('alpaca'),
      massive: source('massive'),
      fred: syntheticYields(options.seed),
      actions: { alpaca: actions, massive: actions },
      options: { alpaca: chains, massive: chains },
    },
    deaths,
  }
}

/**
 * One company splits its shares within the daily bars, so that a night has a split to show: raw prices fall by its ratio. Where the well-known one
 * is not there it is another that trades half-way, and one with options only where there is no other.
 */
export function withSplit(
  universe: readonly UniverseEntry[],
  underliers: readonly string[],
  sessions: readonly Dt[],
): UniverseEntry[] {
  const middle = sessions[sessions.length >> 1]
  if (middle === undefined || sessions.length < 2) return [...universe]
  const trades = ({ from, to }: UniverseEntry, dt: Dt): boolean => from < dt && (to === null || to >= dt)
  const known = sessions.includes(SPLIT.exDt) && universe.find(({ symbol }) => symbol === SPLIT.symbol)
  const halfWay = universe.filter((entry) => trades(entry, middle))
  const chosen = known || (halfWay.find(({ symbol }) => !underliers.includes(symbol)) ?? halfWay[0])
  const split: LabSplit = known ? SPLIT : { exDt: middle, ratio: OTHER_RATIO }
  const { exDt, ratio } = split
  return universe.map((entry) => (entry === chosen ? { ...entry, splits: [{ exDt, ratio }] } : entry))
}

/** The underliers the configuration wants, as far as the universe has them; else the first of the universe. */
function underliersOf({ universe, datasets }: Config): string[] {
  const symbols = universe.map(({ symbol }) => symbol)
  const wanted = datasets.options_bars?.only?.filter((symbol) => symbols.includes(symbol)) ?? []
  return (wanted.length > 0 ? wanted : symbols).slice(0, UNDERLIERS)
}

function folderScene(options: Options, shipped: Config): Scene {
  const alpaca = openFolder('--alpaca-data', options['alpaca-data'], folderBars)
  const massive = openFolder('--massive-data', options['massive-data'], folderBars)
  const fred = openFolder('--fred-data', options['fred-data'], folderYields)
  const chains = openFolder('--options-data', options['options-data'], folderOptions)
  const bars = [alpaca, massive].filter((source) => source !== undefined)
  const held = [...bars, ...(chains ? [chains.bars] : [])]
    .map((source) => source.lastSession())
    .filter((dt) => dt !== undefined)
  // Only a folder of bars may hold actions beside them.
  const acts = [alpaca, massive].find((source) => source !== undefined && folderActions(source).actions().length > 0)
  const actions = acts ? folderActions(acts) : undefined
  const asof = options.asof ?? lastSessionOf(held.length > 0 ? held.reduce(maxDt) : fred?.last())
  checkSession(asof)
  const first: Record<DatasetName, Dt | undefined> = {
    equities_bars: earliest(bars.map((source) => source.firstDaily())),
    equities_bars_minute: earliest(bars.map((source) => source.firstMinute())),
    options_bars: chains?.bars.firstDaily(),
    macro_treasury: fred ? firstYield(fred) : undefined,
    corporate_actions: actions && earliest(bars.map((source) => source.firstDaily())),
  }
  const heldSymbols = [...bars.flatMap((source) => source.symbols()), ...(chains?.underliers() ?? [])]
  const there = [...new Set(heldSymbols)].sort()
  const listed = options.universe || there.length === 0 ? shipped.universe.map(({ symbol }) => symbol) : []
  // With every vendor dead nobody is asked: what is there came another way.
  const dead = options.kill ?? []
  const isAsked = (alpaca && !dead.includes('alpaca')) || (massive && !dead.includes('massive'))
  if (isAsked) checkSymbols(options.symbols, [...new Set([...there, ...listed])], 'there are')
  const named = options.symbols ?? there
  const universe = options.universe || named.length === 0 ? pickOf(shipped, options.symbols) : always(named)
  const wanted: Options = options.datasets
    ? options
    : { ...options, datasets: (Object.keys(first) as DatasetName[]).filter((name) => first[name] !== undefined) }
  const datasets = datasetsWanted(wanted, shipped, (name) => ({
    from: maxDt(options.from ?? minDt(first[name] ?? asof, asof), calendarOf(shipped.datasets[name]!.calendar).first),
  }))
  if (datasets.options_bars && chains) datasets.options_bars = { ...datasets.options_bars, only: chains.underliers() }
  if (datasets.macro_treasury && fred) datasets.macro_treasury = onlySeries(datasets.macro_treasury, fred.series())
  const plan = options.plan ?? 'open'
  const config: Config = { ...shipped, universe, datasets }
  return {
    asof,
    plan,
    config: plan === 'open' ? withoutWalls(config) : config,
    sources: {
      ...(alpaca ? { alpaca } : {}),
      ...(massive ? { massive } : {}),
      ...(fred ? { fred } : {}),
      ...(actions ? { actions: { alpaca: actions, massive: actions } } : {}),
      ...(chains ? { options: { alpaca: chains, massive: chains } } : {}),
    },
    deaths: [],
  }
}

function openFolder<Source>(
  option: string,
  folder: string | undefined,
  open: (root: string) => Source,
): Source | undefined {
  if (folder === undefined) return undefined
  try {
    return open(resolve(folder))
  } catch (error) {
    throw new OptionError(`${option} ${folder} cannot be used: ${error instanceof Error ? error.message : error}`)
  }
}

/** The shipped datasets, or those asked for, with the scene's depth. */
function datasetsWanted(
  options: Options,
  shipped: Config,
  depthOf: (name: DatasetName) => DatasetConfig['depth'],
): Config['datasets'] {
  const names = options.datasets ?? (Object.keys(shipped.datasets) as DatasetName[])
  return Object.fromEntries(
    names.map((name) => {
      const spec = shipped.datasets[name]
      if (!spec) throw new OptionError(`--datasets: config/datasets.yaml does not have ${name}`)
      return [name, { ...spec, depth: depthOf(name) }]
    }),
  )
}

/** Symbols that always lived: what is known of one the universe does not have. */
const always = (symbols: readonly string[]): Config['universe'] =>
  symbols.map((symbol) => ({ symbol, from: calendarOf('xnys').first, to: null }))

/** The universe, or those of it that were asked for. */
const pickOf = ({ universe }: Config, symbols: readonly string[] | undefined): Config['universe'] =>
  symbols?.flatMap((symbol) => universe.find((entry) => entry.symbol === symbol) ?? always([symbol])) ?? universe

/** Throws an OptionError that names the symbols that are there. */
function checkSymbols(asked: readonly string[] = [], there: readonly string[], who: string): void {
  const unknown = asked.filter((symbol) => !there.includes(symbol))
  if (unknown.length === 0) return
  const more = there.length > MOST_NAMED ? ` and ${there.length - MOST_NAMED} more` : ''
  const named = there.slice(0, MOST_NAMED).join(', ')
  throw new OptionError(`--symbols: nobody has ${unknown.join(', ')}; ${who} ${named}${more}`)
}

/** A plan without walls: every vendor has all history, and each day on its own evening. */
function withoutWalls(config: Config): Config {
  const vendors = Object.fromEntries(
    Object.entries(config.vendors).map(([name, vendor]) => {
      const datasets = Object.entries(vendor.datasets).map(([dataset, terms]) => [
        dataset,
        { ...terms, history: { from: '1962-01-02' }, recency: { days: 0, at: '20:16' } },
      ])
      return [name, { ...vendor, datasets: Object.fromEntries(datasets) }]
    }),
  )
  return { ...config, vendors }
}

/** The groups' series a FRED folder has; a group without any keeps its list, and will be found missing. */
function onlySeries(spec: DatasetConfig, held: readonly string[]): DatasetConfig {
  const groups = Object.entries(spec.groups ?? {}).map(([group, { series }]) => {
    const kept = series.filter(({ id }) => held.includes(id))
    return [group, { series: kept.length > 0 ? kept : series }]
  })
  return { ...spec, groups: Object.fromEntries(groups) }
}

const earliest = (dts: (Dt | undefined)[]): Dt | undefined =>
  dts.reduce((least, dt) => (dt === undefined ? least : least === undefined ? dt : minDt(least, dt)), undefined)

const firstYield = (source: YieldSource): Dt | undefined =>
  earliest(source.series().map((id) => source.observations(id, '1900-01-01', '2100-01-01')[0]?.date))

/** A folder may hold rows of a day without a session: the night belongs to the session before. */
function lastSessionOf(dt: Dt | undefined): Dt {
  if (dt === undefined) throw new OptionError('the given folders hold no rows: give --asof, or folders with data')
  const calendar = calendarOf('xnys')
  const inside = minDt(maxDt(dt, calendar.first), calendar.last)
  return calendar.isSession(inside) ? inside : calendar.previous(inside)
}

function checkSession(asof: Dt): void {
  const calendar = calendarOf('xnys')
  if (asof < calendar.first || asof > calendar.last) {
    throw new OptionError(`--asof ${asof} lies outside the calendar (${calendar.first} to ${calendar.last})`)
  }
  if (!calendar.isSession(asof)) {
    throw new OptionError(`--asof ${asof} has no session: take ${calendar.previous(asof)} or ${calendar.next(asof)}`)
  }
}

/** The shipped cron.json with one call at a time, so that two nights of one seed ask in the same order. */
export async function demoCron(): Promise<{ chains: { id: string; steps: { call: string }[] }[] }> {
  const cron = JSON.parse(await readFile(resolve('cron.json'), 'utf8')) as Awaited<ReturnType<typeof demoCron>>
  const chains = cron.chains
    .filter(({ id }) => id === 'night')
    // A sample would ask vendors for cells that the scene has from another.
    .map((chain) => ({
      ...chain,
      steps: chain.steps.filter(({ call }) => call !== 'sample').map((step) => ({ ...step, parallel: 1 })),
    }))
  return { chains }
}
