/** Present, short, held and absent cells of many symbols, counted by row and column of a grid, out of the month masks. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { bitCount } from './bit-count.ts'

/** A symbol's expected days as masks: whole months between its first and its last one, which may be cut. */
export interface TalliedRange {
  symbol: string
  /** Row of the grid the symbol is counted in. */
  row: number
  fromMonth: string
  toMonth: string
  /** Days of the first and of the last month that belong to it: day d is bit d-1. */
  fromMask: number
  toMask: number
}

/** Sessions of one month that are counted in one column. */
export interface Slice {
  column: number
  month: string
  mask: number
  /** Bits of the mask. */
  days: number
  /** 1 where no vendor has these days by rule, so that what is not there is explained without a row. */
  byRule: 0 | 1
}

export interface Tally {
  row: number
  column: number
  byRule: 0 | 1
  present: number
  short: number
  absent: number
  held: number
}

/** Counting bits costs forty steps; nearly every month is whole or has none of them. */
const counted = (mask: string) =>
  sql.raw(`sum(CASE ${mask} & m WHEN 0 THEN 0 WHEN whole THEN days ELSE ${bitCount(`(${mask} & m)`)} END)`)

/**
 * Only months with a coverage row are counted, so a row or a column may be missing. One statement, during which nothing else
 * runs: give it some ten thousand (symbol, month) pairs at a time.
 */
export const tallySlices = (
  db: Db,
  dataset: string,
  ranges: readonly TalliedRange[],
  slices: readonly Slice[],
): Promise<Tally[]> =>
  db.all<Tally>(sql`
    WITH slices AS MATERIALIZED (
      SELECT CAST(value->>'month' AS TEXT) AS month, value->>'mask' AS mask, value->>'days' AS days, value->>'column' AS col,
             value->>'byRule' AS by_rule
      FROM json_each(${JSON.stringify(slices)})),
    lives AS MATERIALIZED (
      SELECT value->>'symbol' AS symbol, value->>'row' AS line, value->>'fromMonth' AS from_month,
             value->>'toMonth' AS to_month, value->>'fromMask' AS from_mask, value->>'toMask' AS to_mask
      FROM json_each(${JSON.stringify(ranges)})),
    months AS (
      SELECT l.line, s.col, s.by_rule, s.days, s.mask AS whole, c.present, c.short, c.absent, c.held,
             s.mask & CASE c.month WHEN l.from_month THEN l.from_mask ELSE -1 END
                    & CASE c.month WHEN l.to_month THEN l.to_mask ELSE -1 END AS m
      FROM lives l
        CROSS JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = l.symbol AND c.month BETWEEN l.from_month AND l.to_month
        CROSS JOIN slices s ON s.month = c.month)
    SELECT line AS row, col AS column, by_rule AS byRule, ${counted('present')} AS present, ${counted('short')} AS short,
           ${counted('absent')} AS absent, ${counted('held')} AS held
    FROM months GROUP BY line, col, by_rule`)
