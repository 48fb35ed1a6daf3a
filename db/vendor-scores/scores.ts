/** What asking taught about each (vendor, dataset): of its calls as a whole, and of its cells by band. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { addToBands, type BandCells } from '../vendor-bands/add-to-bands.ts'
import { leftAfter } from '../vendor-bands/fade.ts'

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
  bands: BandCells[]
}

/** What one plan taught: a call is not of one band, a cell is. */
export type Lesson = Pick<VendorScore, 'vendor' | 'dataset' | 'calls' | 'latencyMs' | 'bands'>

/** When there are so many calls, all of them count half from then on: a vendor that became faster is believed to be. */
export const CALLS_TO_HALVE = 200

/** Era, liquidity, asked, filled, and when that was. */
type BandRow = [era: string, liquidity: string, asked: number, filled: number, seenAt: number]

function bandAt([era, liquidity, asked, filled, seenAt]: BandRow, now: number): BandCells {
  const left = leftAfter(now - seenAt)
  return { era, liquidity, asked: asked * left, filled: filled * left }
}

/** As of `now`, by vendor and dataset. */
export async function listScores(db: Db, now: number): Promise<VendorScore[]> {
  const rows = await db.all<Omit<VendorScore, 'bands'> & { bands: string }>(sql`
    SELECT vendor, dataset, asked, filled, calls, latency_ms AS latencyMs,
      (SELECT json_group_array(json_array(b.era, b.liquidity, b.asked, b.filled, b.seen_at))
        FROM vendor_bands b WHERE b.vendor = s.vendor AND b.dataset = s.dataset) AS bands
    FROM vendor_scores s ORDER BY vendor, dataset`)
  return rows.map((row) => ({ ...row, bands: (JSON.parse(row.bands) as BandRow[]).map((band) => bandAt(band, now)) }))
}

/** Adds the result of one plan to what was known. */
export async function learn(db: Db, { vendor, dataset, calls, latencyMs, bands }: Lesson, now: number): Promise<void> {
  const asked = bands.reduce((sum, band) => sum + band.asked, 0)
  const filled = bands.reduce((sum, band) => sum + band.filled, 0)
  const share = sql`CASE WHEN calls + excluded.calls >= ${CALLS_TO_HALVE} THEN 2 ELSE 1 END`
  await db.write([
    sql`INSERT INTO vendor_scores (vendor, dataset, asked, filled, calls, latency_ms)
        VALUES (${vendor}, ${dataset}, ${asked}, ${filled}, ${calls}, ${latencyMs})
        ON CONFLICT DO UPDATE SET asked = (asked + excluded.asked) / ${share}, filled = (filled + excluded.filled) / ${share},
          calls = (calls + excluded.calls) / ${share}, latency_ms = (latency_ms + excluded.latency_ms) / ${share}`,
    addToBands(vendor, dataset, bands, now),
  ])
}
