/** When a cell was last settled: answered by a vendor with data, with nothing, or with a refusal. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Epoch ms, to the ten minutes it lies in; null where none was settled in the days that are kept. */
export async function lastSettledAt(db: Db): Promise<number | null> {
  const [row] = await db.all<{ at: number }>(sql`
    SELECT starts_at AS at FROM vendor_call_stats WHERE filled + short + empty + refused > 0 ORDER BY starts_at DESC LIMIT 1`)
  return row?.at ?? null
}
