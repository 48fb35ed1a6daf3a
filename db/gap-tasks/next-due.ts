/** When the queue next has something to do: the earliest waiting task. Null when nothing is open. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export async function nextDue(db: Db, lane: 'today' | 'backfill' | null, now: number): Promise<number | null> {
  const inLane = lane === null ? sql`` : sql`AND lane = ${lane}`
  const [row] = await db.all<{ due: number | null }>(sql`
    SELECT min(due) AS due FROM (
      SELECT min(next_at) AS due FROM gap_tasks WHERE state = 'queued' AND next_at > ${now} ${inLane}
      UNION ALL
      SELECT min(lease_expires_at) FROM leases)`)
  return row?.due ?? null
}
