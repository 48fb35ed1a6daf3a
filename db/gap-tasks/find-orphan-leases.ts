/** Leased tasks without a lease, and leases that are long expired and were not reaped. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'

export interface OrphanLeases {
  /** `dataset symbol dt` of leased tasks without a lease. */
  tasksWithoutLease: string[]
  /** `vendor, over since …` of leases that ended before `overdue`. */
  overdueLeases: string[]
  /** `dataset symbol dt` of tasks whose number of days is not that of their mask. */
  miscounted: string[]
}

/** `overdue` is the epoch ms before which an expired lease must have been reaped. */
export async function findOrphanLeases(db: Db, overdue: number): Promise<OrphanLeases> {
  const cell = sql`dataset || ' ' || symbol || ' ' || dt`
  const textsOf = async (rows: Promise<{ text: string }[]>): Promise<string[]> => (await rows).map(({ text }) => text)
  return {
    tasksWithoutLease: await textsOf(
      db.all(
        sql`SELECT ${cell} AS text FROM gap_tasks WHERE state = 'leased' AND lease NOT IN (SELECT id FROM leases)`,
      ),
    ),
    overdueLeases: await textsOf(
      db.all(sql`SELECT vendor || ', over since ' || strftime('%Y-%m-%dT%H:%M:%SZ', lease_expires_at / 1000, 'unixepoch') AS text
                 FROM leases WHERE lease_expires_at < ${overdue} ORDER BY lease_expires_at`),
    ),
    miscounted: await textsOf(
      db.all(sql`SELECT ${cell} AS text FROM gap_tasks WHERE days IS NOT NULL AND done_at IS NULL
                 AND cells <> (SELECT count(*) FROM month_days d WHERE days >> (d.day - 1) & 1)`),
    ),
  }
}

/** How many open tasks there are for a cell that has another open task; a task of many days stands for each of them. */
export const countDoubleTasks = async (db: Db): Promise<number> => {
  const [row] = await db.all<{ cells: number }>(sql`
    SELECT count(*) AS cells FROM gap_tasks m JOIN gap_tasks t ON t.done_at IS NULL AND t.id <> m.id
      AND t.dataset = m.dataset AND t.symbol = m.symbol AND t.dt BETWEEN substr(m.dt, 1, 8) || '01' AND substr(m.dt, 1, 8) || '31'
      AND m.days >> (${dayOf(sql`t.dt`)} - 1) & 1
    WHERE m.days IS NOT NULL AND m.done_at IS NULL`)
  return row?.cells ?? 0
}
