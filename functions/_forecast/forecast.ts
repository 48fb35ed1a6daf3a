/** When the backlog is empty at today's budgets, per dataset and per vendor, and which cells nobody can serve. */
import type { DatasetConfig } from '../../config/schema.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { listDemotions } from '../../db/demotions/demotions.ts'
import { type BlockedCells, tallyBlocked } from '../../db/gap-tasks/tally-blocked.ts'
import { sumCallStats } from '../../db/vendor-call-stats/call-stats.ts'
import { listScores, type VendorScore } from '../../db/vendor-scores/scores.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { DatasetName } from '../_market/cell.ts'
import { accountRates } from './account-rates.ts'
import { type DrainForecast, simulateDrain, type WorkClass } from './drain-simulation.ts'
import { type OpenRange, openCells } from './open-cells.ts'
import { plannedYield } from './planned-yield.ts'
import { emptyInBursts } from './rate-windows.ts'

const DAY_MS = 86_400_000

/** When something is done, epoch ms: what is reckoned, and an interval that holds the truth as a rule, its ends at most a factor of 2 apart. */
export interface Interval {
  emptyAt: number | null
  earliest: number | null
  latest: number | null
}

export interface Forecast extends Interval {
  /** Until the last cell that somebody can serve is answered; null when that is not foreseen. */
  datasets: (Interval & {
    dataset: DatasetName
    /** Cells somebody can serve now. */
    open: number
    /** Cells nobody can serve, by reason. */
    nobody: Partial<Record<Nobody, number>>
    vendors: { vendor: string; cells: number; calls: number; cellsPerCall: number }[]
  })[]
  vendors: { vendor: string; cells: number; calls: number; busyUntil: number | null }[]
  /** All calls, rows and bytes that are still to come: raw files, curated files, manifests and database. */
  calls: number
  bytes: number
}

/** `WAITS`: every vendor that could has answered, or is asked again later. `VENDOR_OUTAGE`: the only vendor that could does not answer. */
type Nobody = NonNullable<OpenRange['nobody']> | 'GIVEN_UP' | 'WAITS' | 'VENDOR_OUTAGE'

/** What was asked teaches as much as this many calls of the planned shape. */
const PRIOR_CALLS = 5
/** Failures in a row after which a vendor is reckoned to be out until it answers again. */
const FAILURES_OF_AN_OUTAGE = 5
/** Calls in flight at once: `parallel` of the night chain in cron.json. */
const WORKERS = 2
/** Time of a dispatch beside its calls before any was measured, ms: some 10,000 rows at 30,000 a second. */
const USUAL_WORK_MS = 300
/** The ends of the interval: so much of the reckoned time, and so many times it. Plans that are cut, retries and late pages make nights longer. */
const INTERVAL = { earliest: 0.75, latest: 1.5 } as const
/** Bytes of a row in raw files, curated files, manifests and the database together, by what a cell holds (`bench -- first-night`). */
const BYTES_A_CELL = { one: 700, session_minutes: 22_000, series: 3_000, contracts: 20_000, events: 60 } as const

/**
 * Every open cell, queued or not, flows to the vendors that can serve its day (drain-simulation.ts) at the rate of lane `backfill`; a vendor is given
 * no cell that it has answered. A call settles as many cells as calls of that vendor and dataset have settled lately; before there were any, as many
 * as a plan of the connector over such cells. The time is that of the budgets, whose calls come in bursts (rate-windows.ts), or that of so many workers with the time dispatches took, whichever is
 * longer. Cells that have to be asked for twice, re-readings and what is still to come are not reckoned with.
 */
export async function forecastOf(context: DispatchContext): Promise<Forecast> {
  const now = context.now()
  const circuits = await listCircuits(context.db)
  const blockedUntil = (vendor: string): number => circuits.find((row) => row.vendor === vendor)?.blockedUntil ?? 0
  const isOut = (vendor: string): boolean =>
    circuits.some((row) => row.vendor === vendor && row.failures >= FAILURES_OF_AN_OUTAGE)
  const scores = await listScores(context.db, now)
  const pools: Pool[] = []
  const nobody = new Map<DatasetName, Forecast['datasets'][number]['nobody']>()
  for (const { dataset, spec } of datasetsOf(context.config)) {
    const left: Forecast['datasets'][number]['nobody'] = {}
    const leave = (reason: Nobody, cells: number): void => {
      if (cells > 0) left[reason] = (left[reason] ?? 0) + cells
    }
    nobody.set(dataset, left)
    const refused = await wholeRefusals(context, dataset, now)
    for (const openRange of await openCells(context, dataset, spec)) {
      leave('GIVEN_UP', openRange.stalled)
      if (openRange.open === 0) continue
      if (openRange.nobody !== null) {
        leave(openRange.nobody, openRange.open)
        continue
      }
      const sources: WorkClass['sources'] = []
      for (const source of openRange.sources) {
        const vendor = source.connection.name
        if (isOut(vendor)) continue
        const learned = scores.find((row) => row.vendor === vendor && row.dataset === dataset)
        sources.push({
          vendor,
          account: limitsOf(source.connection, 'backfill').vendor,
          cellsPerCall: cellsPerCall(
            await plannedYield(context, source, dataset, spec, openRange),
            openRange.open,
            learned,
          ),
          from: Math.max(now, blockedUntil(vendor), refused(vendor, openRange)),
        })
      }
      const blocked = await tallyBlocked(context.db, dataset, openRange.fromDt, openRange.toDt)
      for (const { vendors, cells } of [...blocked, restOf(openRange, blocked)]) {
        const able = vendors === null ? [] : sources.filter(({ vendor }) => !vendors.includes(vendor))
        if (able.length > 0) pools.push({ dataset, spec, cells, sources: able })
        else leave(vendors === null || sources.length > 0 ? 'WAITS' : 'VENDOR_OUTAGE', cells)
      }
    }
  }
  const accounts = await accountRates(context)
  const evenly = simulateDrain(pools, accounts, now)
  const flow = { ...evenly, emptyAt: emptyInBursts(pools, evenly, accounts) }
  return forecastView(now, pools, flow, nobody, await pacesOf(context))
}

type Pool = WorkClass & { dataset: DatasetName; spec: DatasetConfig }

/** The cells of a range that any of its vendors may be asked for. */
const restOf = ({ open }: OpenRange, blocked: readonly BlockedCells[]): BlockedCells => ({
  vendors: [],
  cells: Math.max(0, open - blocked.reduce((sum, { cells }) => sum + cells, 0)),
})

/** What a plan promises, at most all that is open, then what calls have really settled. */
export function cellsPerCall(
  planned: number,
  open: number,
  learned: Pick<VendorScore, 'asked' | 'calls'> | undefined,
): number {
  const { asked = 0, calls = 0 } = learned ?? {}
  return (asked + PRIOR_CALLS * Math.max(1, Math.min(planned, open))) / (calls + PRIOR_CALLS)
}

/** Milliseconds of a worker for one call, by vendor and dataset: as measured since yesterday, before that as the registry expects it. */
async function pacesOf(context: DispatchContext): Promise<(vendor: string, dataset: DatasetName) => number> {
  const { callStats } = await sumCallStats(context.db, context.now() - DAY_MS)
  return (vendor, dataset) => {
    const source = sourcesFor(context, dataset).find(({ connection }) => connection.name === vendor)
    const usual = (source?.terms.latency_ms ?? 0) + USUAL_WORK_MS
    const seen = callStats.find((row) => row.vendor === vendor && row.dataset === dataset)
    return ((seen?.dispatchMs ?? 0) + PRIOR_CALLS * usual) / ((seen?.calls ?? 0) + PRIOR_CALLS)
  }
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
  now: number,
  pools: readonly Pool[],
  flow: DrainForecast,
  nobody: ReadonlyMap<DatasetName, Forecast['datasets'][number]['nobody']>,
  paceOf: (vendor: string, dataset: DatasetName) => number,
): Forecast {
  let workMs = 0
  const datasets = [...nobody].map(([dataset, left]) => {
    const mine = pools.flatMap((pool, at) => (pool.dataset === dataset ? [at] : []))
    const vendors = sharesOf(mine.map((at) => flow.shares[at]!))
    const ownMs = vendors.reduce((sum, { vendor, calls }) => sum + calls * paceOf(vendor, dataset), 0) / WORKERS
    workMs += ownMs
    return {
      dataset,
      open: mine.reduce((sum, at) => sum + pools[at]!.cells, 0),
      ...intervalOf(latest(mine.map((at) => flow.emptyAt[at]!)), ownMs, now),
      nobody: left,
      vendors: vendors.map((share) => ({ ...share, cellsPerCall: share.calls === 0 ? 0 : share.cells / share.calls })),
    }
  })
  const vendors = sharesOf(flow.shares).map((share) => ({
    ...share,
    busyUntil: instantOf(flow.idleAt.get(share.vendor)),
  }))
  return {
    ...intervalOf(latest(flow.emptyAt), workMs, now),
    datasets,
    vendors,
    calls: vendors.reduce((sum, { calls }) => sum + calls, 0),
    bytes: pools.reduce((sum, { cells, spec }) => sum + cells * BYTES_A_CELL[spec.expected_rows], 0),
  }
}

/** The budgets' time or the workers', whichever is longer, and around it the interval. */
function intervalOf(emptyAt: number | null, workMs: number, now: number): Interval {
  if (emptyAt === null) return { emptyAt: null, earliest: null, latest: null }
  const ms = Math.max(0, emptyAt - now, workMs)
  if (ms === 0) return { emptyAt: now, earliest: now, latest: now }
  return {
    emptyAt: Math.ceil(now + ms),
    earliest: Math.floor(now + ms * INTERVAL.earliest),
    latest: Math.ceil(now + ms * INTERVAL.latest),
  }
}

const instantOf = (at: number | null | undefined): number | null => (at == null ? null : Math.ceil(at))

/** The last of some instants, 0 of none, null when one of them never comes. */
const latest = (instants: readonly (number | null)[]): number | null =>
  instants.includes(null) ? null : Math.ceil(Math.max(0, ...instants.map((at) => at ?? 0)))

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
