/** How many rows a vendor's answers have had lately, symbol by symbol: what a call for more of them will bring. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Answers of a symbol that are looked at: a half day among them changes little. */
const LATELY = 5

/** Rows of a cell, the mean of the newest answers that had any; symbols without one are not in the map. */
export async function usualRows(
  db: Db,
  dataset: string,
  vendor: string,
  symbols: readonly string[],
): Promise<Map<string, number>> {
  const rows = await db.all<{ symbol: string; rows: number | null }>(sql`
    SELECT s.value AS symbol, (
      SELECT avg(rows) FROM (
        SELECT a.rows FROM attempts a WHERE a.dataset = ${dataset} AND a.symbol = s.value AND a.vendor = ${vendor} AND a.rows > 0
        ORDER BY a.dt DESC LIMIT ${LATELY})) AS rows
    FROM json_each(${JSON.stringify(symbols)}) s`)
  return new Map(rows.flatMap(({ symbol, rows: mean }) => (mean === null ? [] : [[symbol, mean] as const])))
}
