/** reference_checks: how often each vendor was asked each question about symbols in the newest night that asked it. One row per (vendor, question). */
import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const referenceChecks = sqliteTable(
  'reference_checks',
  {
    vendor: text('vendor').notNull(),
    question: text('question').notNull(),
    /** The as-of day of that night. */
    asof: text('asof').notNull(),
    /** Calls of that night. */
    calls: integer('calls').notNull(),
    /** Epoch ms of the newest. */
    askedAt: integer('asked_at').notNull(),
    /** Why the newest failed; null when it did not. The question is not asked again that night. */
    error: text('error'),
  },
  (table) => [
    primaryKey({ columns: [table.vendor, table.question] }),
    check('reference_checks_calls', sql`${table.calls} >= 0`),
  ],
)
