/** quarantine: samples of what vendors sent that is no data, for a person to read; the newest 1,000, nothing is computed from them. */
import { sql } from 'drizzle-orm'
import { check, integer, sqliteTable, text, uniqueIndex } from 'drizzle-orm/sqlite-core'

export const quarantine = sqliteTable(
  'quarantine',
  {
    /** In the order of the first sighting. */
    id: integer('id').primaryKey({ autoIncrement: true }),
    vendor: text('vendor').notNull(),
    dataset: text('dataset').notNull(),
    /** The cell; both '' where the whole plan was answered with it, because a unique key takes two nulls for different. */
    symbol: text('symbol').notNull(),
    dt: text('dt').notNull(),
    /** Epoch ms of the newest sighting. */
    at: integer('at').notNull(),
    outcome: text('outcome').notNull(),
    /** HTTP status; null where there was none. */
    status: integer('status'),
    /** What was expected and what came, without secrets. */
    message: text('message').notNull(),
    /** The start of it; null where there is nothing to show. */
    sample: text('sample'),
    /** How often it was seen. */
    times: integer('times').notNull(),
  },
  (table) => [
    uniqueIndex('quarantine_sample').on(table.vendor, table.dataset, table.symbol, table.dt, table.message),
    check('quarantine_times', sql`${table.times} > 0`),
  ],
)
