/** vendor_segments: for how many cells a vendor was asked and how many it filled, per dataset, age of the day and liquidity of the symbol. */
import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const vendorSegments = sqliteTable(
  'vendor_segments',
  {
    vendor: text('vendor').notNull(),
    dataset: text('dataset').notNull(),
    /** Both `any` for results from before segments existed. */
    ageBucket: text('age_bucket').notNull(),
    liquidity: text('liquidity').notNull(),
    /** Cells, as much as they still count for at `seen_at` (half-life.ts): fractions. */
    asked: real('asked').notNull(),
    filled: real('filled').notNull(),
    /** When the newest of them were answered, epoch ms. */
    seenAt: integer('seen_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.vendor, table.dataset, table.ageBucket, table.liquidity] }),
    check('vendor_segments_cells', sql`${table.filled} BETWEEN 0 AND ${table.asked}`),
  ],
)
