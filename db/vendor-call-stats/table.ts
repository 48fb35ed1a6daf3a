/** vendor_call_stats: results of calls per vendor, dataset and ten minutes, for the rates and throughput of the last days. Swept. */
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const vendorCallStats = sqliteTable(
  'vendor_call_stats',
  {
    vendor: text('vendor').notNull(),
    dataset: text('dataset').notNull(),
    /** Epoch ms at which the ten minutes begin. */
    startsAt: integer('starts_at').notNull(),
    calls: integer('calls').notNull(),
    rows: integer('rows').notNull(),
    /** Sum of the time answers took, in ms. */
    tookMs: real('took_ms').notNull(),
    /** Cells by what became of them; the columns are closed like the list of outcomes. */
    filled: integer('filled').notNull(),
    short: integer('short').notNull(),
    empty: integer('empty').notNull(),
    /** Not entitled, or before the history. */
    refused: integer('refused').notNull(),
    /** Too recent, or over the budget: the cell was not answered, and nothing is wrong. */
    postponed: integer('postponed').notNull(),
    malformed: integer('malformed').notNull(),
    unavailable: integer('unavailable').notNull(),
    /** Sum of the time from the claims to the last settled task, the answers among it but no wait for a budget, in ms. */
    dispatchMs: real('dispatch_ms').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.vendor, table.dataset, table.startsAt] }),
    index('vendor_call_stats_age').on(table.startsAt),
  ],
)
