/** What asking taught about each (vendor, dataset). */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { vendorScores } from './table.ts'

export interface VendorScore {
  vendor: string
  dataset: string
  asked: number
  filled: number
  calls: number
  /** Sum over all calls, ms. */
  latencyMs: number
}

export const listScores = async (db: Db): Promise<VendorScore[]> =>
  db.orm.select().from(vendorScores).orderBy(vendorScores.vendor, vendorScores.dataset)

/** Adds the result of one plan to what was known. */
export async function learn(db: Db, seen: VendorScore): Promise<void> {
  await db.write([
    sql`INSERT INTO vendor_scores (vendor, dataset, asked, filled, calls, latency_ms)
        VALUES (${seen.vendor}, ${seen.dataset}, ${seen.asked}, ${seen.filled}, ${seen.calls}, ${seen.latencyMs})
        ON CONFLICT DO UPDATE SET asked = asked + excluded.asked, filled = filled + excluded.filled,
          calls = calls + excluded.calls, latency_ms = latency_ms + excluded.latency_ms`,
  ])
}
