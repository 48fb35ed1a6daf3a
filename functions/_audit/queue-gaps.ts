/** What the audit queues of one dataset: gaps some vendor can fill, and present cells that may have been corrected. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { type Absence, explainAbsences } from '../../db/absences/absences.ts'
import { dueRereads } from '../../db/attempts/due-rereads.ts'
import { endRereads } from '../../db/gap-tasks/end-rereads.ts'
import { enqueueMonths } from '../../db/gap-tasks/enqueue-months.ts'
import { enqueueTasks, type NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { availableFrom } from '../_catalog/availability.ts'
import { preferenceOrder, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { expectedRows, symbolRanges } from '../_expected/expected.ts'
import { openWindows } from '../_expected/reread-windows.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { BacklogRange } from './backlog-ranges.ts'
import { gapsInOrder } from './gaps-in-order.ts'
import { groupByMonth } from './group-by-month.ts'

type QueueContext = Pick<DispatchContext, 'db' | 'vendors' | 'config' | 'now'>

/** Tasks of one write: some 30 ms. */
const TASKS_PER_WRITE = 6_000
const MONTHS_PER_WRITE = 2_000
/** Tasks written out at once: the days of a month are found together where the newest come first. */
const TASKS_AT_ONCE = 60_000
const PRIORITY_TODAY = 100
/** A day's bar costs a hundredth of its minutes and says most of it: days come first. */
const PRIORITY_DAYS = 10
const PRIORITY_MINUTES = 0
/** Added to the priority of recent sessions. */
const RECENT = 5
/** What is missing comes before what may have changed. */
const PRIORITY_REREAD = -10

/** What a dataset's part of the audit is about. */
export interface About {
  dataset: DatasetName
  spec: DatasetConfig
  asof: Dt
  /** Share of a session's minutes in which each symbol usually trades, where that is known. */
  shares: ReadonlyMap<string, number>
}

/**
 * Queues the gaps of a range that some vendor can fill, in the order of the dataset, and says of those that are too recent that they are. At most
 * `limit` cells are new; `isCut` tells that there may be more gaps behind them. Slice by slice: what was queued stays queued when the rest is not
 * reached.
 */
export async function queueGaps(
  context: QueueContext,
  about: About,
  range: BacklogRange,
  limit: number,
): Promise<{ gaps: number; enqueued: number; isCut: boolean }> {
  const { dataset, spec, asof } = about
  const queued = { gaps: 0, enqueued: 0, isCut: false }
  if (limit === 0) return { ...queued, isCut: true }
  const priority = backlogPriority(spec) + (range.isRecent ? RECENT : 0)
  const ranges = symbolRanges(context.config, spec, asof)
  const whenServed = availableFrom(sourcesFor(context, dataset), spec, context.now())
  for await (const slice of gapsInOrder(context.db, dataset, spec, ranges, { ...range, asof }, limit)) {
    for (let at = 0; at < slice.length; ) {
      if (queued.enqueued === limit) return { ...queued, isCut: true }
      const tasks = slice
        .slice(at, at + Math.min(TASKS_AT_ONCE, limit - queued.enqueued))
        .map(({ symbol, dt }) => newTask(about, symbol, dt, 'missing', whenServed(dt), priority))
      at += tasks.length
      queued.gaps += tasks.length
      queued.enqueued += await enqueue(context, about, tasks, priority)
    }
  }
  // The search ends where it found as many as it was asked for.
  return { ...queued, isCut: queued.gaps >= limit }
}

/** What any vendor may be asked for at once goes by the month, the rest by the day. A write holds the event loop as long as it takes. */
async function enqueue(
  context: QueueContext,
  { dataset, spec }: About,
  tasks: readonly NewTask[],
  priority: number,
): Promise<number> {
  const { db } = context
  const { months, days } = groupByMonth(tasks, context.now())
  const newestFirst = spec.backfill.order === 'newest-first'
  let enqueued = 0
  for (let at = 0; at < months.length; at += MONTHS_PER_WRITE) {
    const part = months.slice(at, at + MONTHS_PER_WRITE)
    enqueued += await enqueueMonths(db, { dataset, priority, newestFirst }, part, context.now())
    await yieldToEventLoop()
  }
  for (let at = 0; at < days.length; at += TASKS_PER_WRITE) {
    const part = days.slice(at, at + TASKS_PER_WRITE)
    await explainAbsences(db, dataset, tooRecent(part, context.now()), context.now())
    await yieldToEventLoop()
    enqueued += await enqueueTasks(db, dataset, part, context.now())
    await yieldToEventLoop()
  }
  return enqueued
}

export function newTask(
  { spec, asof, shares }: About,
  symbol: string,
  dt: Dt,
  reason: NewTask['reason'],
  nextAt: number,
  priority: number = backlogPriority(spec),
): NewTask {
  const today = dt === asof
  return {
    symbol,
    dt,
    lane: today ? 'today' : 'backfill',
    priority: today ? PRIORITY_TODAY : priority,
    expectedRows: expectedRows(spec, symbol, dt, shares.get(symbol)),
    reason,
    nextAt,
    newestFirst: spec.backfill.order === 'newest-first',
  }
}

const backlogPriority = (spec: DatasetConfig): number =>
  spec.expected_rows === 'session_minutes' ? PRIORITY_MINUTES : PRIORITY_DAYS

const tooRecent = (gaps: readonly NewTask[], now: number): Absence[] =>
  gaps
    .filter(({ nextAt }) => nextAt > now)
    .map(({ symbol, dt, nextAt }) => ({ symbol, dt, reason: 'TOO_RECENT', recheckAt: nextAt }))

/** Queues the present cells whose data may have been corrected since they were read, each for the vendor it came from. Returns how many. */
export async function queueRereads(
  context: QueueContext,
  { dataset, spec, asof, shares }: About,
  at: number,
  limit: number,
): Promise<number> {
  const askable = sourcesFor(context, dataset).map(({ connection }) => connection.name)
  await endRereads(context.db, dataset, askable, context.now())
  const due = await dueRereads(context.db, {
    dataset,
    windows: openWindows(spec, at),
    ranges: symbolRanges(context.config, spec, asof),
    preferred: preferenceOrder(context.config, dataset),
    askable,
    now: context.now(),
    limit,
  })
  const tasks = due.map(
    ({ symbol, dt, vendor }): NewTask => ({
      symbol,
      dt,
      lane: 'backfill',
      priority: PRIORITY_REREAD,
      expectedRows: expectedRows(spec, symbol, dt, shares.get(symbol)),
      reason: 're_read',
      nextAt: context.now(),
      vendor,
    }),
  )
  return await enqueueTasks(context.db, dataset, tasks, context.now())
}
