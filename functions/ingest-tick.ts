/** POST /ingest-tick: brings the newest data of each dataset that is due, ahead of all backfill. */
import type { DatasetConfig } from '../config/schema.ts'
import { newestBookmark } from '../db/bookmarks/newest-bookmark.ts'
import { findGaps } from '../db/coverage/find-gaps.ts'
import { enqueueTasks } from '../db/gap-tasks/enqueue-tasks.ts'
import { listShares } from '../db/liquidity/liquidity.ts'
import { calendarOf } from './_calendar/calendar.ts'
import { instantOf } from './_calendar/zone.ts'
import { availableRange } from './_catalog/availability.ts'
import { datasetsOf, sourcesFor } from './_catalog/catalog.ts'
import { dispatchNext } from './_dispatch/dispatch.ts'
import { readSnapshot } from './_dispatch/intraday-snapshot.ts'
import { asofAt, expectedRows, lookBackFrom, monthMasks, symbolRanges } from './_expected/expected.ts'
import { AsOfBody, type FunctionResult } from './_http/handler.ts'
import type { Node } from './_http/node.ts'
import type { DatasetName } from './_market/cell.ts'
import { type Dt, dtsOfMask, maxDt, minDt } from './_market/dt.ts'

export const IngestBody = AsOfBody

/** Sessions a tick looks back from the newest; what is older is the audit's to find. */
const SESSIONS_BACK = 5
const PRIORITY = 100
/** The history of a series, asked for together with its newest day: behind the newest day of everything. */
const PRIORITY_HISTORY = 98
/** Calls one tick makes at the most, so that it ends soon; `more` asks for the next tick. */
const CALLS_PER_TICK = 10

export interface Ingested extends FunctionResult {
  asof: Dt
  enqueued: number
  calls: number
  filled: number
  /** Cells of the running session whose settled minutes were read. */
  running: number
  /** False, with the reasons, where the newest data of a dataset could not be looked for. */
  ok?: false
  error?: string
}

export async function ingestTick(node: Node, { at = node.now() }: { at?: number | undefined }): Promise<Ingested> {
  const asof = asofAt(at)
  const ingested: Ingested = { asof, enqueued: 0, calls: 0, filled: 0, running: 0, more: false, nextAt: null }
  const collected = datasetsOf(node.config).filter(({ dataset }) => node.disk.allows(dataset))
  const failures: string[] = []
  /** What is wrong with one dataset must not keep the newest data of the others out. */
  const ofEach = async (work: (dataset: DatasetName, spec: DatasetConfig) => Promise<void>): Promise<void> => {
    for (const { dataset, spec } of collected) {
      try {
        await work(dataset, spec)
      } catch (error) {
        failures.push(`${dataset}: ${error instanceof Error ? error.message : error}`)
        node.log('ingest.dataset_failed', { dataset, error })
      }
    }
  }
  await ofEach(async (dataset, spec) => {
    ingested.enqueued += await enqueueNewest(node, dataset, spec, asof, at)
  })
  await ofEach(async (dataset, spec) => {
    const running = await readSnapshot(node, dataset, spec)
    ingested.calls += running.calls
    ingested.running += running.cells
  })
  if (failures.length > 0) Object.assign(ingested, { ok: false, error: failures.join('; ') })
  for (let dispatched = 0; dispatched < CALLS_PER_TICK; dispatched++) {
    const done = await dispatchNext(node, 'today', at)
    if (!('vendor' in done)) return { ...ingested, nextAt: done.nextAt }
    ingested.calls += done.calls
    ingested.filled += (done.outcomes.filled ?? 0) + (done.outcomes.short ?? 0)
  }
  return { ...ingested, more: true }
}

/** Queues what is missing from the sessions after the bookmark that are ready and that some vendor has already. */
async function enqueueNewest(
  node: Node,
  dataset: DatasetName,
  spec: DatasetConfig,
  asof: Dt,
  at: number,
): Promise<number> {
  const sources = sourcesFor(node, dataset)
  if (sources.length === 0) return 0
  const served = sources.map(({ terms }) => availableRange(terms, spec, node.now()).toDt).reduce(maxDt)
  const newest = newestReady(spec, minDt(asof, served), at)
  if (newest === null) return 0
  const bookmark = await newestBookmark(node.db, dataset)
  const calendar = calendarOf(spec.calendar)
  const earliest = calendar.away(newest, 1 - SESSIONS_BACK) ?? calendar.first
  const isWhole = bookmark === null && comesWhole(node, spec)
  const sinceDt = bookmark === null || bookmark >= newest ? newest : maxDt(bookmark, earliest)
  const fromDt = isWhole ? lookBackFrom(spec, asof) : sinceDt
  const ranges = symbolRanges(node.config, spec, asof)
    .map(({ symbol, ...symbolRange }) => ({
      symbol,
      fromDt: maxDt(symbolRange.fromDt, fromDt),
      toDt: minDt(symbolRange.toDt, newest),
    }))
    .filter((symbolRange) => symbolRange.fromDt <= symbolRange.toDt)
  const months = monthMasks(spec, asof).filter(({ month }) => month >= fromDt.slice(0, 7))
  const gaps = await findGaps(node.db, dataset, ranges, months, ranges.length * Math.max(2, months.length))
  const shares = await listShares(node.db, dataset, node.config.qc.completeness.baseline_sessions)
  const tasks = gaps.flatMap(({ symbol, month, gaps }) =>
    dtsOfMask(month, gaps).map((dt) => ({
      symbol,
      dt,
      lane: 'today' as const,
      priority: isWhole ? PRIORITY_HISTORY + (dt === newest ? 1 : 0) : PRIORITY,
      expectedRows: expectedRows(spec, symbol, dt, shares.get(symbol)),
      reason: 'missing' as const,
      nextAt: node.now(),
    })),
  )
  return await enqueueTasks(node.db, dataset, tasks, node.now())
}

/** One call answers all days of a series: where nothing is known of it yet, asking for its newest day alone would cost a call more. */
const comesWhole = ({ disk }: Node, { expected_rows, backfill }: DatasetConfig): boolean =>
  expected_rows === 'series' && backfill.max_tasks_per_run === undefined && disk.allowsBackfill()

/** The newest session at or before a day whose data is worth collecting at an instant; null where the calendar begins later. */
function newestReady(spec: DatasetConfig, dt: Dt, at: number): Dt | null {
  const calendar = calendarOf(spec.calendar)
  let newest = calendar.sessions(dt, dt)[0] ?? calendar.away(dt, -1)
  while (newest !== null && instantOf(newest, spec.cadence.ready_at) > at) newest = calendar.away(newest, -1)
  return newest
}
