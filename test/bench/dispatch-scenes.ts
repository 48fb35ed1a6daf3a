/** The scenes of the dispatcher's benchmark: what is wanted, who has it, and what goes wrong on the way. */
import { resolve } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Config, DatasetConfig, VendorConfig } from '../../config/schema.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import type { LabVendorName } from '../lab/lab.ts'

/** An evening after which nothing becomes available for hours. */
export const ASOF = '2025-07-08'
export const EVENING = instantOf(ASOF, '20:30')
/** Calls in flight at once: `parallel` of the night chain in cron.json. */
export const WORKERS = 2
/** Virtual milliseconds of one call, as config/vendor_capabilities.yaml expects them. */
export const LATENCY_MS: Record<LabVendorName, number> = { alpaca: 400, massive: 800, fred: 600 }

export const SCENES = ['daily', 'minutes', 'three-vendors', 'death', 'storms', 'killed'] as const
export type SceneName = (typeof SCENES)[number]

/** A stretch of virtual time, ms after the start, in which a vendor resets connections or answers 429 to everything. */
export interface Trouble {
  vendor: LabVendorName
  from: number
  to: number
  kind: 'dead' | 'storm'
}

export interface BenchScene {
  name: SceneName
  title: string
  config: Config
  symbols: string[]
  /** Symbols nobody expects, of which single cells are asked for in lane `today` now and then. */
  probes: string[]
  trouble: Trouble[]
  /** Calls after which the node is killed, again and again; null for never. */
  killEvery: number | null
}

/**
 * Scenes of many minutes and calls, in which trouble is measured and not the shape of calls: a page of theirs is all symbols on few days
 * at small scales, so that a day's file is written a few times instead of once for every two symbols.
 */
const LONG: ReadonlySet<SceneName> = new Set(['death', 'storms', 'killed'])
const MINUTE = 60_000
/** The queue of a smaller run is smaller too, so that it is refilled as often. */
const LEAST_OPEN_TASKS = 2_000
const LEAST_MINUTES = 10_000

/** The scale of a run that nobody asked to be full: each takes a minute or two. */
export const USUAL_SCALE: Record<SceneName, number> = {
  daily: 0.2,
  minutes: 0.08,
  'three-vendors': 0.1,
  death: 0.003,
  storms: 0.003,
  killed: 0.003,
}

/**
 * A scene at a scale from 0 to 1. Symbols, rows a page and symbols a call shrink alike while the budgets stay as they are: a smaller
 * run has fewer rows, but as many calls and as many minutes as the full one.
 */
export async function sceneOf(name: SceneName, scale: number): Promise<BenchScene> {
  const shipped = await loadConfig({ folder: resolve('config'), vendors: CONNECTORS.map(({ name: vendor }) => vendor) })
  const scene = (
    title: string,
    symbols: number,
    vendors: Record<string, DatasetName[]>,
    datasets: Partial<Record<DatasetName, DatasetConfig['depth']>>,
    more: Partial<BenchScene> = {},
  ): BenchScene => {
    const names = namesOf('S', Math.max(2, Math.round(symbols * scale)))
    const config = {
      ...shipped,
      universe: names.map((symbol) => ({ symbol, from: '1990-01-02', to: null })),
      maxOpenTasks: LONG.has(name)
        ? shipped.maxOpenTasks
        : Math.max(LEAST_OPEN_TASKS, Math.round(shipped.maxOpenTasks * scale)),
      vendors: Object.fromEntries(
        Object.entries(vendors).map(([vendor, served]) => [
          vendor,
          scaled(shipped.vendors[vendor]!, served, scale, LONG.has(name)),
        ]),
      ),
      datasets: Object.fromEntries(
        Object.entries(datasets).map(([dataset, depth]) => [
          dataset,
          wanting(shipped.datasets[dataset as DatasetName]!, depth!),
        ]),
      ),
    }
    return { name, title, config, symbols: names, probes: namesOf('T', 400), trouble: [], killEvery: null, ...more }
  }
  const bars: DatasetName[] = ['equities_bars', 'equities_bars_minute']
  const daily: Record<string, DatasetName[]> = { alpaca: ['equities_bars'], massive: ['equities_bars'] }
  const nineYears = { equities_bars: { years: 9 } }
  switch (name) {
    case 'daily':
      return scene('1,000 symbols x 20 years of days', 1_000, daily, { equities_bars: { years: 20 } })
    case 'minutes':
      return scene(
        '500 symbols x 1 year of minutes',
        500,
        { alpaca: ['equities_bars_minute'], massive: ['equities_bars_minute'] },
        { equities_bars_minute: { years: 1 } },
      )
    case 'three-vendors':
      // As many symbols at every scale, with fewer days: at Massive a symbol of minutes is one page, however long pages are.
      return scene(
        'three vendors: days at two, minutes at one, yields at two',
        100 / scale,
        { alpaca: ['equities_bars'], massive: [...bars, 'macro_treasury'], fred: ['macro_treasury'] },
        {
          equities_bars: { years: Math.max(1, 9 * scale) },
          equities_bars_minute: { sessions: Math.max(2, Math.round(120 * scale)) },
          macro_treasury: { years: 20 },
        },
      )
    case 'death':
      return scene('nine years of days while Alpaca is dead for four minutes', 9_600, daily, nineYears, {
        trouble: [{ vendor: 'alpaca', from: 3 * MINUTE, to: 7 * MINUTE, kind: 'dead' }],
      })
    case 'storms':
      return scene('nine years of days while Alpaca answers 429 for a minute in six', 9_600, daily, nineYears, {
        trouble: Array.from({ length: 20 }, (_, at) => ({
          vendor: 'alpaca',
          from: (6 * at + 3) * MINUTE,
          to: (6 * at + 4) * MINUTE,
          kind: 'storm',
        })),
      })
    case 'killed':
      return scene(
        'four years of days with the node killed every 200 calls',
        9_600,
        daily,
        { equities_bars: { years: 4 } },
        {
          killEvery: 200,
        },
      )
    default:
      throw new Error(`expected a known scene, got ${name satisfies never}`)
  }
}

const namesOf = (letter: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => {
    const digits = [at % 26, Math.floor(at / 26) % 26, Math.floor(at / 676) % 26]
    return letter + digits.map((digit) => String.fromCharCode(65 + digit)).join('')
  }).sort()

function scaled(vendor: VendorConfig, served: readonly DatasetName[], scale: number, isLong: boolean): VendorConfig {
  const smaller = (count: number): number => Math.max(1, Math.round(count * scale))
  const datasets = served.map((dataset) => {
    const terms = vendor.datasets[dataset]!
    const { rows_per_page, symbols_per_call, pages_per_plan } = terms.shape
    // Yields are no matter of symbols.
    if (dataset === 'macro_treasury') return [dataset, terms]
    // Below some sessions a page, what matters would be where a session is cut.
    const least = dataset === 'equities_bars_minute' ? LEAST_MINUTES : 1
    const shape = {
      rows_per_page: Math.max(least, smaller(rows_per_page)),
      symbols_per_call: isLong ? symbols_per_call : smaller(symbols_per_call),
      pages_per_plan,
    }
    return [dataset, { ...terms, shape }]
  })
  return { ...vendor, datasets: Object.fromEntries(datasets) }
}

/** Nothing is asked for again: what is measured is the backlog. */
function wanting(spec: DatasetConfig, depth: DatasetConfig['depth']): DatasetConfig {
  const { restate: _, ...rest } = spec
  return { ...rest, depth }
}
