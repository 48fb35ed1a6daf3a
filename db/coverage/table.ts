/** coverage: which cells of a month are present, short, absent with a reason, or held. Day d is bit d-1 of each mask. */
import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const coverage = sqliteTable(
  'coverage',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    month: text('month').notNull(),
    present: integer('present').notNull().default(0),
    short: integer('short').notNull().default(0),
    absent: integer('absent').notNull().default(0),
    held: integer('held').notNull().default(0),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.symbol, table.month] }),
    check('coverage_present_or_absent', sql`${table.present} & ${table.absent} = 0`),
    check('coverage_short_is_present', sql`${table.short} & ~${table.present} = 0`),
    check('coverage_held_is_present', sql`${table.held} & ~${table.present} = 0`),
  ],
)
