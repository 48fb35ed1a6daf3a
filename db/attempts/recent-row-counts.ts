/** How many rows a vendor's answers have had lately, symbol by symbol: what a call for more of them will bring. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { packedAttempts } from '../packed-months/packed-attempts.ts'

/** Answers of a symbol that are looked at: a half day among them changes little. */
const LATELY = 5
/** Months they are looked for in: the one in which the vendor delivered last, and the one before it that is not empty. */
const MONTHS = 2

/** Rows of a cell, the mean of the newest answers that had any; symbols without one are not in the map. */
export async function recentRowCounts(
  db: Db,
  dataset: string,
  vendor: string,
  symbols: readonly string[],
): Promise<Map<string, number>> {
  // Evidence is in the order of its days: which of them a symbol has, its masks know.
  const months = sql`(SELECT c.month, c.present FROM bookmarks b CROSS JOIN coverage c
      ON c.dataset = ${dataset} AND c.symbol = s.value AND c.month <= substr(b.last_dt, 1, 7) AND c.present <> 0
    WHERE b.vendor = ${vendor} AND b.dataset = ${dataset} AND b.symbol = s.value ORDER BY c.month DESC LIMIT ${MONTHS})`
  const packed = sql`FROM ${months} m CROSS JOIN packed_months p ON p.dataset = ${dataset} AND p.month = m.month AND p.symbol = s.value AND p.vendor = ${vendor}
    CROSS JOIN month_days d WHERE true`
  const rows = await db.all<{ symbol: string; rows: number | null }>(sql`
    SELECT s.value AS symbol, (
      SELECT avg(rows) FROM (SELECT rows FROM (
        SELECT a.dt, a.rows FROM ${months} m CROSS JOIN month_days d ON m.present >> (d.day - 1) & 1
          CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.dt = m.month || '-' || d.text AND a.symbol = s.value AND a.vendor = ${vendor}
        UNION ALL SELECT dt, rows FROM ${packedAttempts(packed, ['rows'])})
        WHERE rows > 0 ORDER BY dt DESC LIMIT ${LATELY})) AS rows
    FROM json_each(${JSON.stringify(symbols)}) s`)
  return new Map(rows.flatMap(({ symbol, rows: mean }) => (mean === null ? [] : [[symbol, mean] as const])))
}
