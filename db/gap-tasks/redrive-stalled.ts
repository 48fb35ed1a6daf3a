/** Tries cells that were given up once more: what nobody explained is never closed for good. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** A reason that was kept without a time for the next look gets one this long after it was decided. */
const UNTIMED_MS = 7 * 86_400_000

/**
 * Queues the stalled tasks of a dataset whose absence is due again; returns how many. Their attempts stay counted, so each has one try
 * and is given up again for longer when that fails.
 */
export async function redriveStalled(db: Db, dataset: string, now: number): Promise<number> {
  const [rows] = await db.write([
    sql`UPDATE gap_tasks SET state = 'queued', next_at = ${now}, updated_at = ${now}
        WHERE state = 'stalled' AND dataset = ${dataset} AND EXISTS (
          SELECT 1 FROM absences a WHERE a.dataset = gap_tasks.dataset AND a.symbol = gap_tasks.symbol AND a.dt = gap_tasks.dt
            AND a.reason = 'GIVEN_UP' AND coalesce(a.recheck_at, a.decided_at + ${UNTIMED_MS}) <= ${now})
        RETURNING id`,
  ])
  return rows?.length ?? 0
}
