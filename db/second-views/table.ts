/** second_views: what a second vendor's version of a cell decided, with the numbers behind it. Made anew by each judgement of its partition. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const secondViews = sqliteTable(
  'second_views',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    dt: text('dt').notNull(),
    partition: text('partition').notNull(),
    /** Whose version was curated, and whose it was compared with. */
    vendor: text('vendor').notNull(),
    secondVendor: text('second_vendor').notNull(),
    /** replacing, replaced, released, condemned, kept or undecided. */
    action: text('action').notNull(),
    numbers: text('numbers').notNull(),
    /** Epoch ms of the judgement that first came to this. */
    decidedAt: integer('decided_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.symbol, table.dt] }),
    index('second_views_partition').on(table.dataset, table.partition),
    index('second_views_decided').on(table.decidedAt),
  ],
)
