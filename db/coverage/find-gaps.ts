/** Expected minus known: the audit as one join over month masks. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface ExpectedLife {
  symbol: string
  /** First and last day expected, both inclusive, already clipped to the dataset's depth and the as-of day. */
  fromDt: string
  toDt: string
}

export interface MonthMask {
  month: string
  /** Sessions of the month: day d is bit d-1. */
  mask: number
}

export interface MonthOfGaps {
  symbol: string
  month: string
  /** The missing days of the month. */
  gaps: number
}

/** Months with expected cells that are neither present, nor explained, nor queued already; oldest first, at most `limit` months. */
export const findGaps = (
  db: Db,
  dataset: string,
  lives: readonly ExpectedLife[],
  months: readonly MonthMask[],
  limit: number,
): Promise<MonthOfGaps[]> =>
  db.all<MonthOfGaps>(sql`
    WITH months AS MATERIALIZED (SELECT value->>'month' AS month, value->>'mask' AS mask FROM json_each(${JSON.stringify(months)})),
    lives AS MATERIALIZED (SELECT value->>'symbol' AS symbol, value->>'fromDt' AS from_dt, value->>'toDt' AS to_dt,
                     CAST(substr(value->>'fromDt', 9, 2) AS INTEGER) AS from_day,
                     CAST(substr(value->>'toDt', 9, 2) AS INTEGER) AS to_day
              FROM json_each(${JSON.stringify(lives)})),
    expected AS (
      SELECT l.symbol, m.month, m.mask
        & CASE WHEN m.month = substr(l.from_dt, 1, 7) THEN ~((1 << (l.from_day - 1)) - 1) ELSE -1 END
        & CASE WHEN m.month = substr(l.to_dt, 1, 7) THEN (1 << l.to_day) - 1 ELSE -1 END AS mask
      FROM months m CROSS JOIN lives l
      WHERE m.month BETWEEN substr(l.from_dt, 1, 7) AND substr(l.to_dt, 1, 7)),
    open AS MATERIALIZED (
      SELECT symbol, substr(dt, 1, 7) AS month, sum(1 << (CAST(substr(dt, 9, 2) AS INTEGER) - 1)) AS mask
      FROM gap_tasks WHERE dataset = ${dataset} AND state <> 'done' GROUP BY 1, 2)
    SELECT e.symbol, e.month, e.mask & ~coalesce(c.present | c.absent, 0) & ~coalesce(o.mask, 0) AS gaps
    FROM expected e
      LEFT JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = e.symbol AND c.month = e.month
      LEFT JOIN open o ON o.symbol = e.symbol AND o.month = e.month
    WHERE e.mask & ~coalesce(c.present | c.absent, 0) & ~coalesce(o.mask, 0) <> 0
    ORDER BY e.month, e.symbol LIMIT ${limit}`)
