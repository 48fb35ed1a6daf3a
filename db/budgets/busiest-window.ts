/** The most calls an account ever had counted in one window of a minute, and on one day. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface Busiest {
  vendor: string
  /** Epoch ms at which the window or the day begins. */
  startsAt: number
  calls: number
}

const WINDOW_MS = 60_000

/** Over the slots that are still remembered, by account. */
export const busiestMinutes = (db: Db): Promise<Busiest[]> =>
  db.all(sql`
    WITH summed AS (
      SELECT vendor, starts_at AS startsAt, sum(calls) OVER (PARTITION BY vendor ORDER BY starts_at
        RANGE BETWEEN CURRENT ROW AND ${sql.raw(String(WINDOW_MS - 1))} FOLLOWING) AS calls
      FROM budgets WHERE kind = 'slot')
    SELECT vendor, startsAt, max(calls) AS calls FROM summed GROUP BY vendor ORDER BY vendor`)

export const busiestDays = (db: Db): Promise<Busiest[]> =>
  db.all(sql`
    SELECT vendor, starts_at AS startsAt, max(calls) AS calls FROM budgets WHERE kind = 'day' GROUP BY vendor ORDER BY vendor`)
