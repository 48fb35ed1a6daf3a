/** closed_day_bars: days without a session for which a vendor served a bar of a symbol beside a session that it left empty: its dates may be shifted. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const closedDayBars = sqliteTable(
  'closed_day_bars',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    /** The day without a session. */
    dt: text('dt').notNull(),
    vendor: text('vendor').notNull(),
    /** When the vendor last served it, epoch ms. */
    seenAt: integer('seen_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.symbol, table.dt, table.vendor] })],
)
