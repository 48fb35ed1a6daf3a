/** backlog_overflow: ranges of days whose gaps did not all fit into the queue at the last audit, and are brought in as it drains. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const backlogOverflow = sqliteTable(
  'backlog_overflow',
  {
    dataset: text('dataset').notNull(),
    /** The range, both days inclusive. */
    fromDt: text('from_dt').notNull(),
    toDt: text('to_dt').notNull(),
    /** Whether it is that of the newest sessions, whose tasks have a higher priority. */
    isRecent: integer('is_recent', { mode: 'boolean' }).notNull(),
    /** The as-of instant of that audit, epoch ms: what is expected is what was expected then. */
    asOf: integer('as_of').notNull(),
    /** Cells the policy of the dataset still allows in that run, in all its ranges together; null for no cap. */
    allowed: integer('allowed'),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.fromDt] })],
)
