/**
 * settling: what one write batch is settling, taken apart once for all its statements. Filled and emptied within the batch, so nobody
 * ever finds a row. A table of the schema rather than a temporary one, which a libSQL server does not offer; on a local file it hides
 * behind one in memory (migrate.ts).
 */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const settling = sqliteTable('settling', {
  taskId: integer('task_id').notNull(),
  symbol: text('symbol').notNull(),
  dt: text('dt').notNull(),
  month: text('month').notNull(),
  bit: integer('bit').notNull(),
  outcome: text('outcome').notNull(),
  status: integer('status'),
  rows: integer('rows').notNull(),
  digest: text('digest'),
  note: text('note'),
  askAgainAt: integer('ask_again_at').notNull(),
  present: integer('present').notNull(),
  short: integer('short').notNull(),
  absence: text('absence'),
  recheckAt: integer('recheck_at'),
  state: text('state').notNull(),
  nextAt: integer('next_at').notNull(),
  burns: integer('burns').notNull(),
  reread: integer('reread').notNull(),
  difference: text('difference'),
  refusedDigest: text('refused_digest'),
  refusedRows: integer('refused_rows'),
  window: integer('window_sessions'),
  partition: text('partition'),
})
