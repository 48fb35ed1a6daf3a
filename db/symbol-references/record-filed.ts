/** Keeps the earlier tickers that vendors filed as corporate actions. A symbol that is not among them keeps what it had. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { EarlierTicker } from './table.ts'

export interface FiledTickers {
  vendor: string
  symbol: string
  /** Oldest first. */
  tickers: EarlierTicker[]
}

export async function recordFiled(db: Db, filed: readonly FiledTickers[], now: number): Promise<void> {
  if (filed.length === 0) return
  await db.write([
    sql`INSERT INTO symbol_references (vendor, symbol, filed_tickers, filed_at)
        SELECT value->>'vendor', value->>'symbol', value->'tickers', ${now} FROM json_each(${JSON.stringify(filed)}) WHERE true
        ON CONFLICT DO UPDATE SET filed_tickers = excluded.filed_tickers, filed_at = excluded.filed_at
          WHERE filed_tickers IS NOT excluded.filed_tickers`,
  ])
}
