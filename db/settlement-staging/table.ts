/**
 * settlement_staging: the settlements of one write batch as rows, so that every statement of the batch reads them as columns. One row stands for
 * the days of one task that ended alike. The batch fills and empties it, so no reader ever finds a row. It is a table of the schema because a
 * libSQL server offers no temporary ones; on a local file a table in memory hides it (migrate.ts).
 */
import { blob, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const settlementStaging = sqliteTable('settlement_staging', {
  taskId: integer('task_id').notNull(),
  symbol: text('symbol').notNull(),
  month: text('month').notNull(),
  /** Day d is bit d-1; the first and the last of them as numbers. */
  days: integer('days').notNull(),
  firstDay: integer('first_day').notNull(),
  lastDay: integer('last_day').notNull(),
  /** From the first day to the last, each 32 characters wide; null where no day has one. */
  digests: blob('digests'),
  outcome: text('outcome').notNull(),
  status: integer('status'),
  rows: integer('rows').notNull(),
  note: text('note'),
  askAgainAt: integer('ask_again_at').notNull(),
  present: integer('present').notNull(),
  short: integer('short').notNull(),
  absence: text('absence'),
  recheckAt: integer('recheck_at'),
  state: text('state').notNull(),
  nextAt: integer('next_at').notNull(),
  countsAsAttempt: integer('counts_as_attempt').notNull(),
  reread: integer('reread').notNull(),
  difference: text('difference'),
  refusedDigest: text('refused_digest'),
  refusedRows: integer('refused_rows'),
  window: integer('window_sessions'),
  partition: text('partition'),
})
