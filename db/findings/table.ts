/** findings: AMBER and RED cells with the flags and numbers behind them, and what was done about them. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const findings = sqliteTable(
  'findings',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    dt: text('dt').notNull(),
    partition: text('partition').notNull(),
    status: text('status', { enum: ['AMBER', 'RED'] }).notNull(),
    flags: text('flags').notNull(),
    numbers: text('numbers').notNull(),
    vendor: text('vendor'),
    /** none, second_opinion (another vendor was asked), permanent (no vendor has a better version), or what a second version decided (second-views/table.ts). */
    action: text('action').notNull(),
    checkedAt: integer('checked_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.symbol, table.dt] })],
)
