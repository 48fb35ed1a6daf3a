/** corrections: answers that differ from the accepted one of the same vendor: both digests, in what they differ, whether they were taken. The manifests hold the same, for good. */
import { index, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** As the change was measured: rows by key, and the fields that differ. */
export interface KeptDifference {
  added: number
  removed: number
  changed: number
  fields: { field: string; rows: number; emptied: number; largest: number | null }[]
}

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
    /** `kept_more_rows`: the answer has fewer rows, so it was not taken and the version before stays. */
    verdict: text('verdict', { enum: ['replaced', 'kept_more_rows'] })
      .notNull()
      .default('replaced'),
    /** Null where it was not measured. */
    difference: text('difference', { mode: 'json' }).$type<KeptDifference>(),
    /** The window of re-reading that found it, as sessions after the day; null where something else did. */
    window: integer('window_sessions'),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.symbol, table.dt, table.vendor, table.at, table.digest] }),
    index('corrections_at').on(table.at),
  ],
)
