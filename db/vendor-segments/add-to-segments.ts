/** Adds what a plan brought to what is remembered of its bands: one statement, whatever came between. */
import { type SQL, sql } from 'drizzle-orm'
import { leftOf, MOST_CELLS } from './half-life.ts'

export interface Segment {
  ageBucket: string
  liquidity: string
}

export interface SegmentCells extends Segment {
  asked: number
  filled: number
}

/** Part of a larger write. What was there fades to `now`; where both together are more cells than count, all count for less alike. */
export const addToSegments = (vendor: string, dataset: string, cells: readonly SegmentCells[], now: number): SQL => sql`
  INSERT INTO vendor_bands (vendor, dataset, era, liquidity, asked, filled, seen_at)
  WITH seen AS (
      SELECT value->>'era' AS era, value->>'liquidity' AS liquidity, (value->>'asked') * 1.0 AS asked, (value->>'filled') * 1.0 AS filled
      FROM json_each(${JSON.stringify(cells)})),
    known AS (
      SELECT era, liquidity, asked, filled, ${leftOf(sql`seen_at`, now)} AS remains
      FROM vendor_bands WHERE vendor = ${vendor} AND dataset = ${dataset}),
    both AS (
      SELECT seen.era, seen.liquidity, seen.asked + coalesce(known.asked * known.remains, 0) AS asked,
        seen.filled + coalesce(known.filled * known.remains, 0) AS filled
      FROM seen LEFT JOIN known USING (era, liquidity))
  SELECT ${vendor}, ${dataset}, era, liquidity, asked * min(1.0, ${MOST_CELLS} / asked), filled * min(1.0, ${MOST_CELLS} / asked), ${now}
  FROM both WHERE asked > 0
  ON CONFLICT DO UPDATE SET asked = excluded.asked, filled = excluded.filled, seen_at = excluded.seen_at`
