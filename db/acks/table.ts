/** acks: which puller has which bundle, by its own word. One row per (bundle, puller). */
import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const acks = sqliteTable(
  'acks',
  {
    asof: text('asof').notNull(),
    /** The name the puller gives itself. */
    puller: text('puller').notNull(),
    /** Epoch ms at which it first said so of what the row holds. */
    at: integer('at').notNull(),
    /** sha256 of the SHA256SUMS that it has; empty where it does not say. */
    digest: text('digest').notNull(),
    files: integer('files').notNull(),
    rows: integer('rows').notNull(),
    bytes: integer('bytes').notNull(),
    /** Cells that it missed. */
    missed: integer('missed').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.asof, table.puller] }),
    check('acks_counts', sql`min(${table.files}, ${table.rows}, ${table.bytes}, ${table.missed}) >= 0`),
  ],
)
