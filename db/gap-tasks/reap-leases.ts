/** Gives tasks whose holder is gone back to the queue, or parks those that have used up their attempts. */
import { type SQL, sql } from 'drizzle-orm'
import { GIVEN_UP_RECHECK_DAYS } from '../absences/recheck-days.ts'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'
import { heldBy } from '../leases/held-tasks.ts'
import { preparedSql } from '../prepared.ts'
import { openMonths, splitTasks } from './split-tasks.ts'

/** Of a task t that is given up: the days until the audit tries its cell once more, by how often that has happened. */
function recheckDays(maxAttempts: number): SQL {
  const [first, second, later] = GIVEN_UP_RECHECK_DAYS
  return sql`CASE WHEN t.attempts <= ${maxAttempts} THEN ${first} WHEN t.attempts = ${maxAttempts} + 1 THEN ${second} ELSE ${later} END`
}

/** The tasks are not taken again before `nextAt`. */
async function returnTasks(db: Db, gone: SQL, maxAttempts: number, now: number, nextAt = now): Promise<number> {
  const [, given = []] = await db.write([
    sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
        SELECT t.dataset, t.symbol, t.dt, 'GIVEN_UP', ${now}, ${now} + ${recheckDays(maxAttempts)} * 86400000
        FROM (SELECT t.* ${heldBy(gone)} AND t.attempts >= ${maxAttempts} AND t.days IS NULL) t
          LEFT JOIN coverage c ON c.dataset = t.dataset AND c.symbol = t.symbol AND c.month = substr(t.dt, 1, 7)
        WHERE coalesce(c.present >> (${dayOf(sql`t.dt`)} - 1) & 1, 0) = 0
        ON CONFLICT DO UPDATE SET reason = excluded.reason, decided_at = excluded.decided_at, recheck_at = excluded.recheck_at`,
    sql`UPDATE gap_tasks SET state = CASE WHEN attempts >= ${maxAttempts} AND days IS NULL THEN 'stalled' ELSE 'queued' END, lease = NULL,
          last_outcome = 'abandoned', next_at = max(next_at, ${nextAt}), updated_at = ${now}
        WHERE id IN (SELECT t.id ${heldBy(gone)}) RETURNING cells`,
    // Of many days one may be what kills: each is tried once more and then given up for itself.
    ...splitTasks(openMonths(sql`m.attempts >= ${maxAttempts}`)),
    sql`DELETE FROM leases AS l WHERE ${gone}`,
  ])
  return given.reduce((sum, { cells }) => sum + Number(cells), 0)
}

/** Leases that have lapsed. */
export async function reapLeases(db: Db, maxAttempts: number, now: number): Promise<number> {
  // Asked before every claim, and hardly ever true.
  const lapsed = await db.all(firstLapsed({ now }))
  return lapsed.length === 0 ? 0 : await returnTasks(db, sql`l.lease_expires_at <= ${now}`, maxAttempts, now)
}

const firstLapsed = preparedSql<'now'>(({ now }) => sql`SELECT id FROM leases WHERE lease_expires_at <= ${now} LIMIT 1`)

/** All leases: only at the start of a process that owns the database alone, when every holder is known to be dead. */
export const reapAllLeases = (db: Db, maxAttempts: number, now: number): Promise<number> =>
  returnTasks(db, sql`true`, maxAttempts, now)

/** The tasks of a claim that cannot be carried out: the attempt counts, and they wait until `nextAt`. */
export const abandonLease = (
  db: Db,
  token: string,
  maxAttempts: number,
  now: number,
  nextAt: number,
): Promise<number> => returnTasks(db, sql`l.token = ${token}`, maxAttempts, now, nextAt)
