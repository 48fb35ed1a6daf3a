/** Adds the results of a plan to the records of its segments, in one statement, so that concurrent plans lose nothing. */
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
  INSERT INTO vendor_segments (vendor, dataset, age_bucket, liquidity, asked, filled, seen_at)
  WITH seen AS (
      SELECT value->>'ageBucket' AS age_bucket, value->>'liquidity' AS liquidity, (value->>'asked') * 1.0 AS asked, (value->>'filled') * 1.0 AS filled
      FROM json_each(${JSON.stringify(cells)})),
    known AS (
      SELECT age_bucket, liquidity, asked, filled, ${leftOf(sql`seen_at`, now)} AS remains
      FROM vendor_segments WHERE vendor = ${vendor} AND dataset = ${dataset}),
    both AS (
      SELECT seen.age_bucket, seen.liquidity, seen.asked + coalesce(known.asked * known.remains, 0) AS asked,
        seen.filled + coalesce(known.filled * known.remains, 0) AS filled
      FROM seen LEFT JOIN known USING (age_bucket, liquidity))
  SELECT ${vendor}, ${dataset}, age_bucket, liquidity, asked * min(1.0, ${MOST_CELLS} / asked), filled * min(1.0, ${MOST_CELLS} / asked), ${now}
  FROM both WHERE asked > 0
  ON CONFLICT DO UPDATE SET asked = excluded.asked, filled = excluded.filled, seen_at = excluded.seen_at`
