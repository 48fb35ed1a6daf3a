/** How many cells without data there are of each reason, by column of a grid. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { Slice } from '../coverage/tally-slices.ts'
import { dayOf } from '../day-of.ts'

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
    cells AS (
      SELECT a.symbol, substr(a.dt, 1, 7) AS month, 1 << (${dayOf(sql`a.dt`)} - 1) AS bit, a.reason
      FROM json_each(${JSON.stringify(ranges)}) l
        CROSS JOIN absences a ON a.dataset = ${dataset} AND a.symbol = l.value->>'symbol'
          AND a.dt BETWEEN l.value->>'fromDt' AND l.value->>'toDt')
    SELECT s.col AS column, a.reason, coalesce(c.absent & a.bit <> 0, 0) AS isSettled, count(*) AS cells
    FROM cells a CROSS JOIN slices s ON s.month = a.month AND s.mask & a.bit <> 0
      LEFT JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = a.symbol AND c.month = a.month
    WHERE coalesce(c.present & a.bit, 0) = 0 AND (s.by_rule = 0 OR coalesce(c.absent & a.bit, 0) <> 0)
    GROUP BY 1, 2, 3`)
