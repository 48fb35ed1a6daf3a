/** Months of many symbols put together by what their masks say: how many symbols each combination has. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { TalliedRange } from './tally-slices.ts'

export interface MonthTally {
  month: string
  /** Masks: day d is bit d-1, cut to the days expected of the symbols. */
  present: number
  short: number
  absent: number
  held: number
  symbols: number
}

/**
 * Nearly all symbols of a month say the same, so days are counted without a look at each cell. Months between two, both inclusive, that have a
 * coverage row. One statement: give it some ten thousand (symbol, month) pairs at a time.
 */
export const tallyMonths = (
  db: Db,
  dataset: string,
  ranges: readonly TalliedRange[],
  fromMonth: string,
  toMonth: string,
): Promise<MonthTally[]> =>
  db.all<MonthTally>(sql`
    WITH lives AS MATERIALIZED (
      SELECT value->>'symbol' AS symbol, max(value->>'fromMonth', ${fromMonth}) AS first, min(value->>'toMonth', ${toMonth}) AS last,
             value->>'fromMonth' AS from_month, value->>'toMonth' AS to_month, value->>'fromMask' AS from_mask, value->>'toMask' AS to_mask
      FROM json_each(${JSON.stringify(ranges)})),
    months AS (
      SELECT c.month, c.present, c.short, c.absent, c.held,
             CASE c.month WHEN l.from_month THEN l.from_mask ELSE -1 END & CASE c.month WHEN l.to_month THEN l.to_mask ELSE -1 END AS m
      FROM lives l CROSS JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = l.symbol AND c.month BETWEEN l.first AND l.last)
    SELECT month, present & m AS present, short & m AS short, absent & m AS absent, held & m AS held, count(*) AS symbols
    FROM months GROUP BY 1, 2, 3, 4, 5`)
