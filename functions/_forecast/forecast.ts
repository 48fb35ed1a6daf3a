/** When the backlog is empty at today's budgets, per dataset and per vendor, and which cells nobody can serve. */
import { listCircuits } from '../../db/circuits/circuits.ts'
import { listDemotions } from '../../db/demotions/demotions.ts'
import { listScores, type VendorScore } from '../../db/vendor-scores/scores.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import { type DatasetSource, datasetsOf } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { ROWS_PER_CELL } from '../_dispatch/score.ts'
import type { DatasetName } from '../_market/cell.ts'
import { accountRates } from './account-rates.ts'
import { simulateDrain, type WorkClass } from './drain-simulation.ts'
import { type OpenRange, openCells } from './open-cells.ts'

export interface Forecast {
  /** When the last cell that somebody can serve is answered, epoch ms; null when that is not foreseen. */
  emptyAt: number | null
  datasets: {
    dataset: DatasetName
    /** Cells somebody can serve now, and when the last of them is answered. */
    open: number
    emptyAt: number | null
    /** Cells nobody can serve, by reason. */
    nobody: Partial<Record<NonNullable<OpenRange['nobody']> | 'GIVEN_UP', number>>
    vendors: { vendor: string; cells: number; calls: number; cellsPerCall: number }[]
  }[]
  vendors: { vendor: string; cells: number; calls: number; busyUntil: number | null }[]
}

/** What was asked teaches as much as this many calls of the registry's shape. */
const PRIOR_CALLS = 5

/**
 * Every open cell, queued or not, flows to the vendors that can serve its day (drain-simulation.ts) at the rate of lane `backfill`. A call settles as
 * many cells as calls of that vendor and dataset have settled so far; before there were any, as many as its shape and the backlog
 * allow. Cells that have to be asked for twice, re-readings and what is still to come are not reckoned with.
 */
export async function forecastOf(context: DispatchContext): Promise<Forecast> {
  const now = context.now()
  const circuits = new Map((await listCircuits(context.db)).map((row) => [row.vendor, row.blockedUntil]))
  const scores = await listScores(context.db, now)
  const pools: (WorkClass & { dataset: DatasetName })[] = []
  const nobody = new Map<DatasetName, Forecast['datasets'][number]['nobody']>()
  for (const { dataset, spec } of datasetsOf(context.config)) {
    const left: Forecast['datasets'][number]['nobody'] = {}
    nobody.set(dataset, left)
    const refused = await wholeRefusals(context, dataset, now)
    for (const openRange of await openCells(context, dataset, spec)) {
      if (openRange.stalled > 0) left.GIVEN_UP = (left.GIVEN_UP ?? 0) + openRange.stalled
      if (openRange.open === 0) continue
      if (openRange.nobody !== null) {
        left[openRange.nobody] = (left[openRange.nobody] ?? 0) + openRange.open
        continue
      }
      const sources = openRange.sources.map((source) => {
        const vendor = source.connection.name
        const learned = scores.find((row) => row.vendor === vendor && row.dataset === dataset)
        return {
          vendor,
          account: limitsOf(source.connection, 'backfill').vendor,
          cellsPerCall: cellsPerCall(source, ROWS_PER_CELL[spec.expected_rows], openRange, learned),
          from: Math.max(now, circuits.get(vendor) ?? 0, refused(vendor, openRange)),
        }
      })
      pools.push({ dataset, cells: openRange.open, sources })
    }
  }
  const flow = simulateDrain(pools, await accountRates(context), now)
  return forecastView(context, pools, flow, nobody)
}

/** The registry's shape against what is there to ask for, then what calls have really settled. */
export function cellsPerCall(
  { terms: { shape } }: Pick<DatasetSource, 'terms'>,
  rowsPerCell: number,
  openRange: Pick<OpenRange, 'open' | 'symbols'>,
  learned: Pick<VendorScore, 'asked' | 'calls'> | undefined,
): number {
  const daysOfSymbol = openRange.open / Math.max(1, openRange.symbols)
  const prior = Math.max(1, Math.min(shape.rows_per_page / rowsPerCell, shape.symbols_per_call * daysOfSymbol))
  const { asked = 0, calls = 0 } = learned ?? {}
  return (asked + PRIOR_CALLS * prior) / (calls + PRIOR_CALLS)
}

/** Until when a vendor is believed to refuse all symbols of a stretch; 0 for one that does not. */
async function wholeRefusals(context: DispatchContext, dataset: DatasetName, now: number) {
  const whole = (await listDemotions(context.db, dataset, now)).filter(({ symbol }) => symbol === '*')
  return (vendor: string, { fromDt, toDt }: OpenRange): number =>
    whole
      .filter((row) => row.vendor === vendor && row.fromDt <= fromDt && row.toDt >= toDt)
      .reduce((latest, { until }) => Math.max(latest, until), 0)
}

function forecastView(
  context: DispatchContext,
  pools: readonly (WorkClass & { dataset: DatasetName })[],
  flow: ReturnType<typeof simulateDrain>,
  nobody: ReadonlyMap<DatasetName, Forecast['datasets'][number]['nobody']>,
): Forecast {
  const datasets = [...nobody].map(([dataset, left]) => {
    const mine = pools.flatMap((pool, at) => (pool.dataset === dataset ? [at] : []))
    return {
      dataset,
      open: mine.reduce((sum, at) => sum + pools[at]!.cells, 0),
      emptyAt: latest(
        mine.map((at) => flow.emptyAt[at]!),
        context.now(),
      ),
      nobody: left,
      vendors: sharesOf(mine.map((at) => flow.shares[at]!)).map((share) => ({
        ...share,
        cellsPerCall: share.calls === 0 ? 0 : share.cells / share.calls,
      })),
    }
  })
  const vendors = sharesOf(flow.shares).map((share) => ({
    ...share,
    busyUntil: instantOf(flow.idleAt.get(share.vendor)),
  }))
  return { emptyAt: latest(flow.emptyAt, context.now()), datasets, vendors }
}

const instantOf = (at: number | null | undefined): number | null => (at == null ? null : Math.ceil(at))

/** The last of some instants, null when one of them never comes. */
const latest = (instants: readonly (number | null)[], now: number): number | null =>
  instants.includes(null) ? null : Math.ceil(Math.max(now, ...instants.map((at) => at ?? now)))

function sharesOf(all: readonly ReadonlyMap<string, { cells: number; calls: number }>[]) {
  const sums = new Map<string, { vendor: string; cells: number; calls: number }>()
  for (const [vendor, { cells, calls }] of all.flatMap((shares) => [...shares])) {
    const sum = sums.get(vendor) ?? { vendor, cells: 0, calls: 0 }
    sums.set(vendor, { vendor, cells: sum.cells + cells, calls: sum.calls + calls })
  }
  return [...sums.values()]
    .map(({ vendor, cells, calls }) => ({ vendor, cells: Math.round(cells), calls: Math.ceil(calls - 1e-6) }))
    .sort((a, b) => (a.vendor < b.vendor ? -1 : 1))
}
