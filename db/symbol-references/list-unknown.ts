/** Symbols of which a vendor's own lists say nothing at all, though they were asked. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface UnknownSymbol {
  vendor: string
  symbol: string
}

/** One row a vendor and symbol whose lists were asked and state neither a listing nor a delisting, a name, an identifier or a ticker. */
export const listUnknown = (db: Db, symbols: readonly string[]): Promise<UnknownSymbol[]> =>
  db.all(sql`
    SELECT r.vendor, r.symbol FROM json_each(${JSON.stringify(symbols)}) s CROSS JOIN symbol_references r ON r.symbol = s.value
    WHERE r.is_listed = 0
      AND coalesce(r.name, r.composite_figi, r.cik, r.listed_from, r.delisted_on, r.event_tickers, r.filed_tickers) IS NULL
    ORDER BY r.vendor, r.symbol`)
