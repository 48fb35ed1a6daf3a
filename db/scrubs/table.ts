/** scrubs: how far the last look at a dataset's raw files came: one row for each. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const scrubs = sqliteTable('scrubs', {
  dataset: text('dataset').primaryKey(),
  /** Days since 1970 of the night. */
  night: integer('night').notNull(),
  /** Files whose turn it was, and their bytes. */
  dueFiles: integer('due_files').notNull(),
  dueBytes: integer('due_bytes').notNull(),
  /** Those that were read. */
  files: integer('files').notNull(),
  bytes: integer('bytes').notNull(),
})
