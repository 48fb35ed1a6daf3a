/** Refills the queue: it holds a working set, and gaps that did not fit at the audit come in as it drains. */
import { clearOverflow, listOverflow, recordOverflow } from '../../db/backlog-overflow/backlog-overflow.ts'
import { countOpenByDataset } from '../../db/gap-tasks/count-tasks.ts'
import { splitAtBorders } from '../../db/gap-tasks/split-tasks.ts'
import { listShares } from '../../db/liquidity/liquidity.ts'
import { availableRange } from '../_catalog/availability.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { asofAt } from '../_expected/expected.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { type About, queueGaps } from './queue-gaps.ts'

/** Nothing but a small read while all gaps are queued. Killed, or run twice at once, it queues nothing twice. */
export async function refillQueue(context: DispatchContext): Promise<void> {
  if ((await listOverflow(context.db)).length === 0) return
  // The second of two workers finds the queue full.
  await withLock(`${context.lake.root} queue`, () => fill(context))
}

/**
 * Datasets with an overflow share what the others leave of the working set, each as much as any other: cells that one vendor works off slowly must
 * not keep the cells of idle vendors out. A share is filled again when half of it is done, so that plans stay full.
 */
async function fill(context: DispatchContext): Promise<void> {
  const waiting = new Map((await listOverflow(context.db)).map((row) => [row.dataset, row]))
  if (waiting.size === 0) return
  const open = await countOpenByDataset(context.db)
  const openOf = (dataset: string): number => open.get(dataset) ?? 0
  const others = [...open.keys()].filter((dataset) => !waiting.has(dataset))
  const shared = context.config.maxOpenTasks - others.reduce((sum, dataset) => sum + openOf(dataset), 0)
  const share = Math.floor(shared / waiting.size)
  const sessions = context.config.qc.completeness.baseline_sessions
  for (const { dataset, spec } of datasetsOf(context.config)) {
    const one = waiting.get(dataset)
    const room = share - openOf(dataset)
    if (!one || room <= 0 || openOf(dataset) > share / 2) continue
    const about = { dataset, spec, asof: asofAt(one.asOf), shares: await listShares(context.db, dataset, sessions) }
    const { enqueued } = await queueUpTo(context, about, one.asOf, room, one.allowed)
    context.log('queue.refilled', { dataset, enqueued })
  }
}

/** Queues gaps while there is room and the policy allows it, and notes what was left out. */
export async function queueUpTo(
  context: DispatchContext,
  about: About,
  asOf: number,
  room: number,
  allowed: number | null,
): Promise<{ gaps: number; enqueued: number }> {
  const { dataset } = about
  const queued = await queueGaps(context, about, Math.min(room, allowed ?? room))
  const ranges = sourcesFor(context, dataset).map(({ terms }) => ({
    symbol: '*',
    ...availableRange(terms, about.spec, context.now()),
  }))
  await splitAtBorders(context.db, dataset, ranges, context.now())
  const left = allowed === null ? null : allowed - queued.enqueued
  // Only room can come back; what a policy does not allow waits for the next audit.
  if (queued.isCut && left !== 0) await recordOverflow(context.db, { dataset, asOf, allowed: left })
  else await clearOverflow(context.db, dataset)
  return queued
}
