/** Refills the queue: it holds a working set, and gaps that did not fit at the audit come in as it drains. */
import type { DatasetConfig } from '../../config/schema.ts'
import { listOverflow, type OverflowRange, replaceOverflow } from '../../db/backlog-overflow/backlog-overflow.ts'
import { splitAtBorders } from '../../db/gap-tasks/split-tasks.ts'
import { listShares } from '../../db/liquidity/liquidity.ts'
import { availableRange } from '../_catalog/availability.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { asofAt } from '../_expected/expected.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type BacklogRange, backlogRanges } from './backlog-ranges.ts'
import { type About, queueGaps } from './queue-gaps.ts'
import { cellsOf, openPlaces, placesOf } from './queue-places.ts'

/** Nothing but a small read while all gaps are queued. Killed, or run twice at once, it queues nothing twice. */
export async function refillQueue(context: DispatchContext): Promise<void> {
  if ((await listOverflow(context.db)).length === 0) return
  // The second of two workers finds the queue full.
  await withLock(`${context.lake.root} queue`, () => fill(context))
}

/**
 * Datasets with an overflow share what the others leave of the working set, each as much as any other, and so do the ranges of a dataset: cells that
 * one vendor works off slowly must not keep the cells of idle vendors out. A range is filled again when half of its share is done, so that plans stay
 * full.
 */
async function fill(context: DispatchContext): Promise<void> {
  const waiting = await listOverflow(context.db)
  const waitingOf = (dataset: string): OverflowRange[] => waiting.filter((range) => range.dataset === dataset)
  const open = await openPlaces(context)
  const datasets = datasetsOf(context.config)
  const others = datasets.filter(({ dataset }) => waitingOf(dataset).length === 0)
  const shared = context.config.maxOpenTasks - others.reduce((sum, { dataset }) => sum + open(dataset).all, 0)
  const share = Math.floor(shared / Math.max(1, datasets.length - others.length))
  for (const { dataset, spec } of datasets) {
    const ranges = waitingOf(dataset)
    const { all, within } = open(dataset)
    const rest = all - ranges.reduce((sum, range) => sum + within(range), 0)
    const each = Math.floor((share - rest) / Math.max(1, ranges.length))
    const short = ranges.filter((range) => each > within(range) && within(range) <= each / 2)
    if (short.length > 0) await fillRanges(context, dataset, spec, ranges, short, (range) => each - within(range))
  }
}

/** Fills the ranges that are short of tasks, and notes which still have gaps behind them. */
async function fillRanges(
  context: DispatchContext,
  dataset: DatasetName,
  spec: DatasetConfig,
  ranges: readonly OverflowRange[],
  short: readonly OverflowRange[],
  roomOf: (range: OverflowRange) => number,
): Promise<void> {
  const { asOf, allowed } = ranges[0]!
  const about = await aboutAt(context, dataset, spec, asOf)
  const full = new Set<OverflowRange>()
  let left = allowed
  let enqueued = 0
  for (const range of short) {
    const queued = await queueGaps(context, about, range, limitOf(spec, roomOf(range), left))
    enqueued += queued.enqueued
    if (left !== null) left -= queued.enqueued
    if (!queued.isCut) full.add(range)
  }
  await splitTasksAtBorders(context, about)
  await noteOverflow(
    context,
    dataset,
    asOf,
    left,
    ranges.filter((range) => !full.has(range)),
  )
  context.log('queue.refilled', { dataset, enqueued })
}

/** Queues gaps while there is room and the policy allows it, each range its share of the room, and notes what was left out. */
export async function queueUpTo(
  context: DispatchContext,
  about: About,
  asOf: number,
  room: number,
  allowed: number | null,
): Promise<{ gaps: number; places: number; enqueued: number }> {
  const { dataset, spec, asof } = about
  const queued = { gaps: 0, places: 0, enqueued: 0 }
  let left = allowed
  let ranges = backlogRanges(context, dataset, spec, asof)
  // What one range does not need of its share is left to those before it.
  for (let pass = 0; pass < 2 && ranges.length > 0; pass++) {
    const cut: BacklogRange[] = []
    for (const [at, range] of ranges.entries()) {
      const share = Math.ceil((room - queued.places) / (ranges.length - at))
      const { gaps, enqueued, isCut } = await queueGaps(context, about, range, limitOf(spec, share, left))
      queued.gaps += gaps
      queued.enqueued += enqueued
      queued.places += placesOf(spec, enqueued)
      if (left !== null) left -= enqueued
      if (isCut) cut.push(range)
    }
    ranges = cut
  }
  await splitTasksAtBorders(context, about)
  await noteOverflow(context, dataset, asOf, left, ranges)
  return queued
}

/** Only room can come back; what a policy does not allow waits for the next audit. */
const noteOverflow = (
  { db }: DispatchContext,
  dataset: DatasetName,
  asOf: number,
  allowed: number | null,
  ranges: readonly BacklogRange[],
): Promise<void> =>
  replaceOverflow(db, dataset, allowed === 0 ? [] : ranges.map((range) => ({ ...range, dataset, asOf, allowed })))

async function splitTasksAtBorders(context: DispatchContext, { dataset, spec }: About): Promise<void> {
  const ranges = sourcesFor(context, dataset).map(({ terms }) => ({
    symbol: '*',
    ...availableRange(terms, spec, context.now()),
  }))
  await splitAtBorders(context.db, dataset, ranges, context.now())
}

/** Cells for so many places, as far as the policy allows them. */
const limitOf = (spec: DatasetConfig, places: number, allowed: number | null): number =>
  Math.min(cellsOf(spec, places), allowed ?? Number.MAX_SAFE_INTEGER)

async function aboutAt(
  context: DispatchContext,
  dataset: DatasetName,
  spec: DatasetConfig,
  asOf: number,
): Promise<About> {
  const sessions = context.config.qc.completeness.baseline_sessions
  return { dataset, spec, asof: asofAt(asOf), shares: await listShares(context.db, dataset, sessions) }
}
