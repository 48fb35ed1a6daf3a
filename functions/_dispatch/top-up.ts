/** The queue holds a working set: what did not fit when the audit looked is brought in as it drains. */
import { countOpenTasks } from '../../db/gap-tasks/count-tasks.ts'
import { splitAtBorders } from '../../db/gap-tasks/split-tasks.ts'
import { listShares } from '../../db/liquidity/liquidity.ts'
import { forgetUnqueued, listUnqueued, noteUnqueued } from '../../db/unqueued/unqueued.ts'
import { asofAt } from '../_expected/expected.ts'
import { inTurn } from '../_lake/in-turn.ts'
import { type Desk, datasetsOf, serversOf } from './desk.ts'
import { type About, queueGaps } from './queue-gaps.ts'
import { reachOf } from './reach.ts'

/** A queue that is emptier than this is filled again, so that plans stay full and no vendor waits for the next audit. */
const lowWater = ({ config }: Desk): number => config.maxOpenTasks / 2

/** Nothing but a small read while all gaps are queued. Killed, or run twice at once, it queues nothing twice. */
export async function topUp(desk: Desk): Promise<void> {
  if ((await listUnqueued(desk.db)).length === 0) return
  // The second of two workers finds the queue full.
  await inTurn(`${desk.lake.root} queue`, () => fill(desk))
}

async function fill(desk: Desk): Promise<void> {
  const waiting = await listUnqueued(desk.db)
  const open = waiting.length === 0 ? 0 : await countOpenTasks(desk.db)
  if (waiting.length === 0 || open > lowWater(desk)) return
  let room = desk.config.maxOpenTasks - open
  const sessions = desk.config.qc.completeness.baseline_sessions
  for (const { dataset, spec } of datasetsOf(desk.config)) {
    const one = waiting.find((row) => row.dataset === dataset)
    if (!one || room === 0) continue
    const about = { dataset, spec, asof: asofAt(one.night), shares: await listShares(desk.db, dataset, sessions) }
    const { enqueued } = await queueUpTo(desk, about, one.night, room, one.allowed)
    room -= enqueued
    desk.log('queue.topped_up', { dataset, enqueued })
  }
}

/** Queues gaps while there is room and the policy allows it, and notes what was left out. */
export async function queueUpTo(
  desk: Desk,
  about: About,
  night: number,
  room: number,
  allowed: number | null,
): Promise<{ gaps: number; enqueued: number }> {
  const { dataset } = about
  const queued = await queueGaps(desk, about, Math.min(room, allowed ?? room))
  const reaches = serversOf(desk, dataset).map(({ terms }) => ({
    symbol: '*',
    ...reachOf(terms, about.spec, desk.now()),
  }))
  await splitAtBorders(desk.db, dataset, reaches, desk.now())
  const left = allowed === null ? null : allowed - queued.enqueued
  // Only room can come back; what a policy does not allow waits for the next audit.
  if (queued.isCut && left !== 0) await noteUnqueued(desk.db, { dataset, night, allowed: left })
  else await forgetUnqueued(desk.db, dataset)
  return queued
}
