/** exports: the bundles made, newest content per as-of day. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const bundles = sqliteTable('exports', {
  asof: text('asof').primaryKey(),
  madeAt: integer('made_at').notNull(),
  digest: text('digest').notNull(),
  files: integer('files').notNull(),
  bytes: integer('bytes').notNull(),
})
