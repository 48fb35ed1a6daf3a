/**
 * When the queue next has something to do, epoch ms: the earliest waiting task, lapsing lease, or end of a vendor's refusal of a
 * whole dataset that keeps tasks waiting whose own time has come. Null when nothing is open.
 */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isBlockedForAll } from './eligibility.ts'

export async function nextDue(db: Db, lane: 'today' | 'backfill' | null, now: number): Promise<number | null> {
  const inLane = lane === null ? sql`` : sql`AND lane = ${lane}`
  const waiting = (lanes: readonly string[]) =>
    sql.join(
      lanes.map(
        (one) =>
          sql`SELECT min(blocked_until) AS due FROM gap_tasks WHERE state = 'queued' AND lane = ${one} AND blocked_until > ${now}`,
      ),
      sql` UNION ALL `,
    )
  const [row] = await db.all<{ due: number | null }>(sql`
    SELECT min(due) AS due FROM (
      ${waiting(lane === null ? ['today', 'backfill'] : [lane])}
      UNION ALL
      SELECT min(lease_expires_at) FROM leases
      UNION ALL
      SELECT min(d.until) FROM demotions d WHERE d.symbol = '*' AND d.until > ${now} AND EXISTS (
        SELECT 1 FROM gap_tasks t WHERE t.state = 'queued' AND t.dataset = d.dataset AND NOT (${isBlockedForAll(sql`t.blocked_for`)})
          AND t.dt BETWEEN d.from_dt AND d.to_dt ${inLane}))`)
  return row?.due ?? null
}
