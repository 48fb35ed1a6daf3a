/** corrections: versions of a cell that replaced an accepted one of the same vendor, with both digests. The manifests hold the same, for good. */
import { index, integer, primaryKey, real, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const corrections = sqliteTable(
  'corrections',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    dt: text('dt').notNull(),
    vendor: text('vendor').notNull(),
    /** Epoch ms: the instant of the night that found it, not of the process. */
    at: integer('at').notNull(),
    previous: text('previous').notNull(),
    digest: text('digest').notNull(),
    rowsBefore: integer('rows_before').notNull(),
    rows: integer('rows').notNull(),
    /** Largest change of a close or a volume, relative to the value before; null where it was not measured. */
    closeChange: real('close_change'),
    volumeChange: real('volume_change'),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.symbol, table.dt, table.vendor, table.at, table.digest] }),
    index('corrections_at').on(table.at),
  ],
)
