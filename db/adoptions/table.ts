/** adoptions: how far each walk over a vendor's older raw files has come. One row per (vendor, dataset, how they are verified). */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const adoptions = sqliteTable(
  'adoptions',
  {
    vendor: text('vendor').notNull(),
    dataset: text('dataset').notNull(),
    /** names, footers or rows: a stricter walk is one of its own, from the beginning. */
    verify: text('verify').notNull(),
    /** The last place looked at, below the dataset's folder: `date=2024-07-03/symbol=AAPL`. Whatever sorts after it is still to come. */
    place: text('place').notNull(),
    /** Epoch ms at which the walk came to the end; null while files are left. */
    endedAt: integer('ended_at'),
    updatedAt: integer('updated_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.vendor, table.dataset, table.verify] })],
)
