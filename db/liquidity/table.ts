/** liquidity: in which share of a session's minutes a symbol usually trades, as QC measured it on the newest curated days. */
import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const liquidity = sqliteTable(
  'liquidity',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    /** Median over the days of regular bars divided by session minutes, 0 to 1. */
    share: real('share').notNull(),
    days: integer('days').notNull(),
    /** The newest of these days. */
    through: text('through').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.symbol] }),
    check('liquidity_share', sql`${table.share} BETWEEN 0 AND 1`),
  ],
)
