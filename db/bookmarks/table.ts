/** bookmarks: the newest day each vendor delivered per (dataset, symbol). Where ingest starts; never proof of coverage. */
import { primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const bookmarks = sqliteTable(
  'bookmarks',
  {
    vendor: text('vendor').notNull(),
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    lastDt: text('last_dt').notNull(),
  },
  (table) => [primaryKey({ columns: [table.vendor, table.dataset, table.symbol] })],
)
