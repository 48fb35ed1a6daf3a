/**
 * empty_months: days for which a vendor says for good that there is nothing, one row per (dataset, symbol, month, vendor). A list of events says so
 * of nearly every day, for millions of them. Such a day has no row in attempts of this vendor; it is one of attempts' rows in short: outcome `empty`,
 * no status, no note, never to be asked again. Kept in the order of its key and nowhere else (WITHOUT ROWID in the migration).
 */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const emptyMonths = sqliteTable(
  'empty_months',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    month: text('month').notNull(),
    vendor: text('vendor').notNull(),
    /** Day d is bit d-1. */
    days: integer('days').notNull(),
    /** Epoch ms of the first and of the newest of the answers: each day was answered between the two. */
    firstAt: integer('first_at').notNull(),
    lastAt: integer('last_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.symbol, table.month, table.vendor] })],
)
