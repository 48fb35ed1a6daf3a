/** Gives tasks whose holder is gone back to the queue, or parks those that have used up their attempts. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Days after which a cell that was given up is tried once more, by how often that has happened; the audit does it. */
const recheckDays = (maxAttempts: number): SQL =>
  sql`CASE WHEN t.attempts <= ${maxAttempts} THEN 7 WHEN t.attempts = ${maxAttempts} + 1 THEN 30 ELSE 90 END`

async function giveBack(db: Db, gone: SQL, maxAttempts: number, now: number): Promise<number> {
  // Asked before every claim, and hardly ever true.
  const found = await db.all(sql`SELECT 1 FROM leases WHERE ${gone} LIMIT 1`)
  if (found.length === 0) return 0
  const results = await db.write([
    sql`UPDATE gap_tasks SET state = CASE WHEN attempts >= ${maxAttempts} THEN 'stalled' ELSE 'queued' END,
          last_outcome = 'abandoned', updated_at = ${now}
        WHERE state = 'leased' AND id IN (SELECT task_id FROM leases WHERE ${gone}) RETURNING id`,
    sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
        SELECT t.dataset, t.symbol, t.dt, 'GIVEN_UP', ${now}, ${now} + ${recheckDays(maxAttempts)} * 86400000
        FROM gap_tasks t LEFT JOIN coverage c ON c.dataset = t.dataset AND c.symbol = t.symbol AND c.month = substr(t.dt, 1, 7)
        WHERE t.state = 'stalled' AND t.id IN (SELECT task_id FROM leases WHERE ${gone})
          AND coalesce(c.present >> (CAST(substr(t.dt, 9, 2) AS INTEGER) - 1) & 1, 0) = 0
        ON CONFLICT DO UPDATE SET reason = excluded.reason, decided_at = excluded.decided_at, recheck_at = excluded.recheck_at`,
    sql`DELETE FROM leases WHERE ${gone}`,
  ])
  return results[0]?.length ?? 0
}

/** Leases that have lapsed. */
export const reapLeases = (db: Db, maxAttempts: number, now: number): Promise<number> =>
  giveBack(db, sql`lease_expires_at <= ${now}`, maxAttempts, now)

/** All leases: only at the start of a process that owns the database alone, when every holder is known to be dead. */
export const reapAllLeases = (db: Db, maxAttempts: number, now: number): Promise<number> =>
  giveBack(db, sql`true`, maxAttempts, now)
