/** manifests: up to which byte each manifest file is reflected in this database. What lies beyond is replayed at start. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const manifests = sqliteTable('manifests', {
  path: text('path').primaryKey(),
  bytes: integer('bytes').notNull(),
})
