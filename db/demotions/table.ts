/** demotions: what a vendor said it will not serve: a scope (dataset, symbol or all, a range of days) and when to try again. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const demotions = sqliteTable(
  'demotions',
  {
    vendor: text('vendor').notNull(),
    dataset: text('dataset').notNull(),
    /** A symbol, or `*` for all. */
    symbol: text('symbol').notNull(),
    fromDt: text('from_dt').notNull(),
    toDt: text('to_dt').notNull(),
    outcome: text('outcome').notNull(),
    until: integer('until').notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.symbol, table.vendor, table.outcome] })],
)
