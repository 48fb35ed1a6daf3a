/** How many cells without data there are of each reason, by column of a grid. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { bitCount } from '../coverage/bit-count.ts'
import type { Slice } from '../coverage/tally-slices.ts'
import { dayOf } from '../day-of.ts'
import { SAYS_NONE } from '../empty-months/final-none.ts'
import { isFirstVendors, noneDays, withCoverage } from '../empty-months/none-months.ts'

export interface ReasonTally {
  column: number
  reason: string
  /** 1 where the cell is settled with this reason, 0 where it is still on the gap list and the reason says why it waits. */
  isSettled: 0 | 1
  cells: number
}

/**
 * Absences of the given lives (first and last day, both inclusive) on the days of the slices; what is not settled on a day that is
 * explained by rule is left out. One statement: give it some symbols at a time.
 */
export const tallyReasons = (
  db: Db,
  dataset: string,
  ranges: readonly { symbol: string; fromDt: string; toDt: string }[],
  slices: readonly Slice[],
): Promise<ReasonTally[]> =>
  db.all<ReasonTally>(sql`
    WITH slices AS MATERIALIZED (
      SELECT value->>'month' AS month, value->>'mask' AS mask, value->>'column' AS col, value->>'byRule' AS by_rule
      FROM json_each(${JSON.stringify(slices)})),
    lives AS MATERIALIZED (SELECT value->>'symbol' AS symbol, value->>'fromDt' AS from_dt, value->>'toDt' AS to_dt
      FROM json_each(${JSON.stringify(ranges)})),
    cells AS (
      SELECT a.symbol, substr(a.dt, 1, 7) AS month, 1 << (${dayOf(sql`a.dt`)} - 1) AS bit, a.reason
      FROM lives l CROSS JOIN absences a ON a.dataset = ${dataset} AND a.symbol = l.symbol AND a.dt BETWEEN l.from_dt AND l.to_dt),
    nones AS MATERIALIZED (
      SELECT e.month, ${noneDays(dataset)}
          & CASE e.month WHEN substr(l.from_dt, 1, 7) THEN -1 << (${dayOf(sql`l.from_dt`)} - 1) ELSE -1 END
          & CASE e.month WHEN substr(l.to_dt, 1, 7) THEN (1 << ${dayOf(sql`l.to_dt`)}) - 1 ELSE -1 END AS days
      FROM lives l CROSS JOIN empty_months e
        ON e.dataset = ${dataset} AND e.symbol = l.symbol AND e.month BETWEEN substr(l.from_dt, 1, 7) AND substr(l.to_dt, 1, 7)
        ${withCoverage(dataset)} WHERE ${isFirstVendors})
    SELECT col AS column, reason, is_settled AS isSettled, sum(cells) AS cells FROM (
      SELECT s.col, a.reason, coalesce(c.absent & a.bit <> 0, 0) AS is_settled, count(*) AS cells
      FROM cells a CROSS JOIN slices s ON s.month = a.month AND s.mask & a.bit <> 0
        LEFT JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = a.symbol AND c.month = a.month
      WHERE coalesce(c.present & a.bit, 0) = 0 AND (s.by_rule = 0 OR coalesce(c.absent & a.bit, 0) <> 0)
      GROUP BY 1, 2, 3
      UNION ALL
      SELECT s.col, ${SAYS_NONE}, 1, sum(${sql.raw(bitCount('(n.days & s.mask)'))}) FROM nones n CROSS JOIN slices s ON s.month = n.month
      WHERE n.days & s.mask <> 0 GROUP BY 1)
    GROUP BY 1, 2, 3`)
