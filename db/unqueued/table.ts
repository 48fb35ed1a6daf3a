/** unqueued: datasets whose gaps did not all fit into the queue at the last audit, and are brought in as it drains. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const unqueued = sqliteTable('unqueued', {
  dataset: text('dataset').primaryKey(),
  /** The night of that audit, epoch ms: what is expected is what was expected then. */
  night: integer('night').notNull(),
  /** Tasks its policy still allows in that run; null for no cap. */
  allowed: integer('allowed'),
})
