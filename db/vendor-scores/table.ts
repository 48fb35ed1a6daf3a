/** vendor_scores: what asking taught about a vendor, per dataset: how many cells were asked and filled, calls, milliseconds. */
import { integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const vendorScores = sqliteTable(
  'vendor_scores',
  {
    vendor: text('vendor').notNull(),
    dataset: text('dataset').notNull(),
    asked: integer('asked').notNull(),
    filled: integer('filled').notNull(),
    calls: integer('calls').notNull(),
    /** Sum of the time answers took, in ms. */
    latencyMs: real('latency_ms').notNull(),
  },
  (table) => [primaryKey({ columns: [table.vendor, table.dataset] })],
)
