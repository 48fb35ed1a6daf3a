/**
 * budgets: calls spent, per account and host, in slots of 50 ms (for the limit per minute) and per UTC day (for the daily cap), and
 * the pauses a vendor asked for. A sliding window over slots is never above the limit in any minute, which a token bucket of the same
 * size is. Workers and processes that share the database share all of it.
 */
import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const budgets = sqliteTable(
  'budgets',
  {
    vendor: text('vendor').notNull(),
    kind: text('kind', { enum: ['slot', 'day', 'pause'] }).notNull(),
    /** Epoch ms at which the slot or the day begins; the end of a pause. */
    startsAt: integer('starts_at').notNull(),
    calls: integer('calls').notNull(),
    /** How many of them went out in lane `today`: they come out of the share reserved for it first. */
    today: integer('today').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.vendor, table.kind, table.startsAt] }),
    check('budgets_kind', sql`${table.kind} IN ('slot', 'day', 'pause')`),
    check('budgets_calls', sql`${table.calls} > 0`),
  ],
)
