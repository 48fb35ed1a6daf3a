/** What calls have shown about each (vendor, dataset): its calls in total, and its cells by segment. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { addToSegments, type SegmentCells } from '../vendor-segments/add-to-segments.ts'
import { leftAfter } from '../vendor-segments/half-life.ts'

export interface VendorScore {
  vendor: string
  dataset: string
  /** Cells of the calls below, and those of them that came filled. */
  asked: number
  filled: number
  calls: number
  /** Sum over these calls, ms. */
  latencyMs: number
  /** The same cells by age of the day and liquidity of the symbol, as much as they still count for: fractions. */
  segments: SegmentCells[]
}

/** The results of one plan. Only cells belong to a segment: a call may cover several. */
export type ScoreUpdate = Pick<VendorScore, 'vendor' | 'dataset' | 'calls' | 'latencyMs' | 'segments'>

/** When there are so many calls, all of them count half from then on: a vendor that became faster is believed to be. */
export const CALLS_TO_HALVE = 200

/** Age bucket, liquidity, asked, filled, and when that was. */
type SegmentRow = [ageBucket: string, liquidity: string, asked: number, filled: number, seenAt: number]

function segmentAt([ageBucket, liquidity, asked, filled, seenAt]: SegmentRow, now: number): SegmentCells {
  const left = leftAfter(now - seenAt)
  return { ageBucket, liquidity, asked: asked * left, filled: filled * left }
}

/** As of `now`, by vendor and dataset. */
export async function listScores(db: Db, now: number): Promise<VendorScore[]> {
  const rows = await db.all<Omit<VendorScore, 'segments'> & { segments: string }>(sql`
    SELECT vendor, dataset, asked, filled, calls, latency_ms AS latencyMs,
      (SELECT json_group_array(json_array(b.age_bucket, b.liquidity, b.asked, b.filled, b.seen_at))
        FROM vendor_segments b WHERE b.vendor = s.vendor AND b.dataset = s.dataset) AS segments
    FROM vendor_scores s ORDER BY vendor, dataset`)
  return rows.map((row) => ({
    ...row,
    segments: (JSON.parse(row.segments) as SegmentRow[]).map((segment) => segmentAt(segment, now)),
  }))
}

/** Adds the result of one plan to what was known. */
export async function recordScore(
  db: Db,
  { vendor, dataset, calls, latencyMs, segments }: ScoreUpdate,
  now: number,
): Promise<void> {
  const asked = segments.reduce((sum, segment) => sum + segment.asked, 0)
  const filled = segments.reduce((sum, segment) => sum + segment.filled, 0)
  const share = sql`CASE WHEN calls + excluded.calls >= ${CALLS_TO_HALVE} THEN 2 ELSE 1 END`
  await db.write([
    sql`INSERT INTO vendor_scores (vendor, dataset, asked, filled, calls, latency_ms)
        VALUES (${vendor}, ${dataset}, ${asked}, ${filled}, ${calls}, ${latencyMs})
        ON CONFLICT DO UPDATE SET asked = (asked + excluded.asked) / ${share}, filled = (filled + excluded.filled) / ${share},
          calls = (calls + excluded.calls) / ${share}, latency_ms = (latency_ms + excluded.latency_ms) / ${share}`,
    addToSegments(vendor, dataset, segments, now),
  ])
}
