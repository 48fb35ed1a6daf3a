/**
 * attempts: the evidence. One row per (dataset, dt, symbol, vendor): how often asked, what the last answer was. Kept in the order of that key and
 * nowhere else (WITHOUT ROWID in the migration, which the schema cannot say): there are millions, they come day by day, and a day is one stretch.
 * What a vendor says for good that there is not is no row but a bit in empty_months, and what is long settled is a day of packed_months.
 */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** What a row can hold: how the last question ended, `lost`, that the file of what was once delivered is gone, or `forgotten`, that a person
 * had it removed: such a row keeps manifest lines from before from bringing the cell back. The list is closed. */
export const EVIDENCE = [
  'filled',
  'short',
  'empty',
  'not_entitled',
  'too_recent',
  'before_history',
  'rate_limited',
  'malformed',
  'unavailable',
  'lost',
  'forgotten',
] as const
export type Evidence = (typeof EVIDENCE)[number]

export const attempts = sqliteTable(
  'attempts',
  {
    dataset: text('dataset').notNull(),
    symbol: text('symbol').notNull(),
    dt: text('dt').notNull(),
    vendor: text('vendor').notNull(),
    count: integer('count').notNull(),
    outcome: text('outcome', { enum: EVIDENCE }).notNull(),
    /** HTTP status of a refusal; null for an answer that was read. */
    status: integer('status'),
    rows: integer('rows').notNull(),
    /** Its first digits (kept-digest.ts); older versions of this program kept all. */
    digest: text('digest'),
    /** What the vendor said, bounded, without secrets; only for refusals. */
    note: text('note'),
    at: integer('at').notNull(),
    /** Epoch ms before which this vendor is not asked for this cell again; 0 when its answer is in doubt and counts for nothing. */
    askAgainAt: integer('ask_again_at').notNull(),
    /** The flags for which QC refused this vendor's version; null while it is good. */
    refusedFor: text('refused_for'),
    /** Epoch ms at which a delivered version was last asked for again, whatever came of it; null when it never was. */
    rereadAt: integer('reread_at'),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.dt, table.symbol, table.vendor] })],
)
