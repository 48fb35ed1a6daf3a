/** The queue holds a working set: what did not fit when the audit looked is brought in as it drains. */

import { clearOverflow, listOverflow, recordOverflow } from '../../db/backlog-overflow/backlog-overflow.ts'
import { countOpenTasks } from '../../db/gap-tasks/count-tasks.ts'
import { splitAtBorders } from '../../db/gap-tasks/split-tasks.ts'
import { listShares } from '../../db/liquidity/liquidity.ts'
import { availableRange } from '../_catalog/availability.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { asofAt } from '../_expected/expected.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { type About, queueGaps } from './queue-gaps.ts'

/** A queue that is emptier than this is filled again, so that plans stay full and no vendor waits for the next audit. */
const lowWater = ({ config }: DispatchContext): number => config.maxOpenTasks / 2

/** Nothing but a small read while all gaps are queued. Killed, or run twice at once, it queues nothing twice. */
export async function refillQueue(context: DispatchContext): Promise<void> {
  if ((await listOverflow(context.db)).length === 0) return
  // The second of two workers finds the queue full.
  await withLock(`${context.lake.root} queue`, () => fill(context))
}

async function fill(context: DispatchContext): Promise<void> {
  const waiting = await listOverflow(context.db)
  const open = waiting.length === 0 ? 0 : await countOpenTasks(context.db)
  if (waiting.length === 0 || open > lowWater(context)) return
  let room = context.config.maxOpenTasks - open
  const sessions = context.config.qc.completeness.baseline_sessions
  for (const { dataset, spec } of datasetsOf(context.config)) {
    const one = waiting.find((row) => row.dataset === dataset)
    if (!one || room === 0) continue
    const about = { dataset, spec, asof: asofAt(one.asOf), shares: await listShares(context.db, dataset, sessions) }
    const { enqueued } = await queueUpTo(context, about, one.asOf, room, one.allowed)
    room -= enqueued
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
