/** backlog_overflow: datasets whose gaps did not all fit into the queue at the last audit, and are brought in as it drains. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const backlogOverflow = sqliteTable('backlog_overflow', {
  dataset: text('dataset').primaryKey(),
  /** The as-of instant of that audit, epoch ms: what is expected is what was expected then. */
  asOf: integer('as_of').notNull(),
  /** Tasks its policy still allows in that run; null for no cap. */
  allowed: integer('allowed'),
})
