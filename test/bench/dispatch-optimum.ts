/** What the best possible dispatcher would need for a scene, and what the one before this node did. */
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { newYorkDt } from '../../functions/_calendar/zone.ts'
import { limitsOf } from '../../functions/_catalog/account-limits.ts'
import { availableRange } from '../../functions/_catalog/availability.ts'
import { datasetsOf, preferenceOrder } from '../../functions/_catalog/catalog.ts'
import { expectedRange, symbolRanges } from '../../functions/_expected/expected.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { windowsSince } from '../../functions/_vendors/fred/windows.ts'
import type { LabVendorName } from '../lab/lab.ts'
import { ASOF, type BenchScene, EVENING, LATENCY_MS, WORKERS } from './dispatch-scenes.ts'
import { EARLY_MINUTES } from './dispatch-source.ts'
import { type Constraint, mostOf } from './linear-program.ts'

/** Cells of one dataset that the same vendors can serve. */
export interface Work {
  dataset: DatasetName
  /** The preferred one first. */
  vendors: LabVendorName[]
  cells: number
}

const WINDOW_MS = 60_000

/** The scene's cells by the vendors whose plan reaches them; cells that nobody reaches are no work. */
export function worksOf({ config }: BenchScene): Work[] {
  const works = new Map<string, Work>()
  for (const { dataset, spec } of datasetsOf(config)) {
    const ranges = symbolRanges(config, spec, ASOF).length
    const { fromDt, toDt } = expectedRange(spec, ASOF)
    const reaches = preferenceOrder(config, dataset).map((vendor) => ({
      vendor: vendor as LabVendorName,
      ...availableRange(config.vendors[vendor]!.datasets[dataset]!, spec, EVENING),
    }))
    for (const dt of calendarOf(spec.calendar).sessions(fromDt, toDt)) {
      const vendors = reaches.filter((reach) => dt >= reach.fromDt && dt <= reach.toDt).map(({ vendor }) => vendor)
      if (vendors.length === 0) continue
      const key = `${dataset} ${vendors}`
      const work = works.get(key) ?? { dataset, vendors, cells: 0 }
      work.cells += ranges
      works.set(key, work)
    }
  }
  return [...works.values()]
}

/** Cells that one call of a vendor can settle at the most: a full page of its widest shape. */
export function cellsPerCall({ config, symbols }: BenchScene, vendor: LabVendorName, { dataset, cells }: Work): number {
  const { rows_per_page } = config.vendors[vendor]!.datasets[dataset]!.shape
  switch (dataset) {
    case 'equities_bars':
      // Massive: the whole market on a day, or a symbol's days.
      return vendor === 'massive'
        ? Math.max(symbols.length, Math.min(rows_per_page, cells / symbols.length))
        : rows_per_page
    case 'equities_bars_minute': {
      const onPage = rows_per_page / (390 + EARLY_MINUTES)
      // Massive: the days of one symbol.
      return vendor === 'massive' ? Math.min(onPage, cells / symbols.length) : onPage
    }
    case 'macro_treasury':
      // Massive: all days on a page.
      return vendor === 'fred' ? cells / fredPages(config.datasets.macro_treasury!) : cells
    default:
      throw new Error(`expected a dataset of the scenes, got ${dataset}`)
  }
}

/** Pages of FRED that hold all days of yields: one for each series and each window of vintages since the first day. */
export function fredPages(spec: DatasetConfig): number {
  const series = Object.values(spec.groups ?? {}).reduce((sum, group) => sum + group.series.length, 0)
  return series * windowsSince(expectedRange(spec, ASOF).fromDt, newYorkDt(EVENING)).length
}

/**
 * The shortest makespan, ms: the least T for which the fluid assignment fits,
 *
 *   max  Σ x[v,w]·k[v,w]                         cells settled, x = calls of vendor v for work w, k = cells per call
 *   s.t. Σv x[v,w]·k[v,w] ≤ N[w]                 no cell twice
 *        Σw x[v,w]        ≤ C[v](T)              calls the sliding minute of v admits that are answered by T
 *        Σv∈S L[v]·(Σw x[v,w] − k·B[v]) ≤ W·(T − k minutes)    for k = 0, 1, … and every set S of vendors that are well all along
 *
 * where "fits" means that the maximum is Σw N[w]. C[v](T) = B[v] · (batches of B[v] calls, a minute apart, begun by T − L[v] while v is
 * well); no schedule under the budget has more. The last line is what W workers can do, a call of v lasting L[v]: of the calls of v all but k·B[v]
 * were answered k minutes before the end, because the last k minutes admit no more. Fractions of calls are allowed, so no dispatcher can beat it.
 * Without `workers` only budgets and shapes count, as if any number of calls could be in flight.
 */
export function shortestMakespan(scene: BenchScene, works: readonly Work[], workers: number | null = WORKERS): number {
  let [low, high] = [0, 10 * WINDOW_MS]
  while (!fits(scene, works, high, workers)) [low, high] = [high, 2 * high]
  while (high - low > 50) {
    const middle = (low + high) / 2
    if (fits(scene, works, middle, workers)) high = middle
    else low = middle
  }
  return high
}

function fits(scene: BenchScene, works: readonly Work[], until: number, workers: number | null): boolean {
  const pairs = works.flatMap((work) => work.vendors.map((vendor) => ({ vendor, work })))
  const gains = pairs.map(({ vendor, work }) => cellsPerCall(scene, vendor, work))
  const rows = [
    ...works.map((work) => ({
      weights: pairs.map((pair, at) => (pair.work === work ? gains[at]! : 0)),
      most: work.cells,
    })),
    ...Object.keys(scene.config.vendors).map((vendor) => ({
      weights: pairs.map((pair) => (pair.vendor === vendor ? 1 : 0)),
      most: callsUntil(scene, vendor as LabVendorName, until),
    })),
    ...(workers === null ? [] : paceOf(scene, pairs, workers, until)),
  ]
  const all = works.reduce((sum, { cells }) => sum + cells, 0)
  return mostOf(gains, rows) >= all * (1 - 1e-9)
}

/** What so many workers can have answered by the end of each minute before `until`. */
function paceOf(
  { config, trouble }: BenchScene,
  pairs: readonly { vendor: LabVendorName }[],
  workers: number,
  until: number,
): Constraint[] {
  const names = Object.keys(config.vendors) as LabVendorName[]
  const all = { weights: pairs.map(({ vendor }) => LATENCY_MS[vendor]), most: workers * until }
  const well = names.filter((name) => trouble.every(({ vendor }) => vendor !== name))
  const constraints: Constraint[] = [all]
  for (const set of subsetsOf(well)) {
    const spent = set.reduce((sum, vendor) => sum + LATENCY_MS[vendor] * perMinuteOf(config, vendor), 0)
    for (let minutes = 1; minutes * WINDOW_MS < until; minutes++) {
      constraints.push({
        weights: pairs.map(({ vendor }) => (set.includes(vendor) ? LATENCY_MS[vendor] : 0)),
        most: workers * (until - minutes * WINDOW_MS) + minutes * spent,
      })
    }
  }
  return constraints
}

const subsetsOf = <T>([first, ...rest]: readonly T[]): T[][] => {
  if (first === undefined) return []
  const others = subsetsOf(rest)
  return [[first], ...others, ...others.map((set) => [first, ...set])]
}

const perMinuteOf = (config: BenchScene['config'], vendor: LabVendorName): number =>
  limitsOf({ name: vendor, config: config.vendors[vendor]! }, 'backfill').perMinute

function callsUntil({ config, trouble }: BenchScene, vendor: LabVendorName, until: number): number {
  const perMinute = perMinuteOf(config, vendor)
  let calls = 0
  for (let at = 0; ; at += WINDOW_MS) {
    for (const one of trouble) if (one.vendor === vendor && at >= one.from && at < one.to) at = one.to
    if (at + LATENCY_MS[vendor] > until) return calls
    calls += perMinute
  }
}

/** ms of the policy before: vendor after vendor, the preferred one first, one cell a call, as fast as the plan allows. */
export const oldPolicyMs = ({ config }: BenchScene, works: readonly Work[]): number =>
  works.reduce(
    (sum, { vendors, cells }) => sum + (cells * WINDOW_MS) / config.vendors[vendors[0]!]!.calls_per_minute,
    0,
  )
