/** unaccepted_files: raw files in which something lies that nobody accepted, as curation last saw them: one row for each day that has some. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const unacceptedFiles = sqliteTable(
  'unaccepted_files',
  {
    dataset: text('dataset').notNull(),
    dt: text('dt').notNull(),
    files: integer('files').notNull(),
    /** The first few paths, relative to the root, as a JSON array. */
    first: text('first').notNull(),
    /** Epoch ms. */
    seenAt: integer('seen_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.dt] })],
)
