/** Ends re-readings that nobody will carry out: their vendor may not be asked any more, or they have used up their attempts. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Returns how many were ended. The cells stay present; one whose attempts are used up counts as read. */
export async function endRereads(db: Db, dataset: string, askable: readonly string[], now: number): Promise<number> {
  // In these words the index of open re-readings is found; without it every task there ever was would be read.
  const mine = sql`dataset = ${dataset} AND reason = 're_read' AND done_at IS NULL`
  const [, ended] = await db.write([
    sql`UPDATE attempts SET reread_at = ${now} WHERE dataset = ${dataset} AND (symbol, dt, vendor) IN (
          SELECT symbol, dt, vendor FROM gap_tasks WHERE ${mine} AND state = 'stalled')`,
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'not_read', updated_at = ${now}
        WHERE ${mine} AND (state = 'stalled' OR state = 'queued' AND (
          vendor NOT IN (SELECT value FROM json_each(${JSON.stringify(askable)})) OR EXISTS (
            SELECT 1 FROM demotions d WHERE d.vendor = gap_tasks.vendor AND d.dataset = gap_tasks.dataset
              AND d.symbol IN ('*', gap_tasks.symbol) AND gap_tasks.dt BETWEEN d.from_dt AND d.to_dt AND d.until > ${now})))
        RETURNING id`,
  ])
  return ended?.length ?? 0
}
