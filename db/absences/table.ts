/** absences: why an expected cell has no data, from the closed list, with when to look again. Present cells have no row, nor those in empty_months. */
import { sql } from 'drizzle-orm'
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const absences = sqliteTable(
  'absences',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    dt: text('dt').notNull(),
    reason: text('reason').notNull(),
    /** Epoch ms of the decision and of the next look; null when the reason is final. */
    decidedAt: integer('decided_at').notNull(),
    recheckAt: integer('recheck_at'),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.symbol, table.dt] }),
    index('absences_dt').on(table.dataset, table.dt),
    // What is due is taken oldest day first, and most reasons are final: no sort, and no walk over those.
    index('absences_due').on(table.dataset, table.dt, table.symbol, table.recheckAt).where(sql`recheck_at IS NOT NULL`),
    // What has one reason is looked at symbol by symbol and day by day without reading the rows.
    index('absences_reason').on(table.dataset, table.reason, table.symbol, table.dt, table.decidedAt),
  ],
)
