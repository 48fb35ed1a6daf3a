/**
 * packed_months: the evidence of settled cells in short, one row per (dataset, month, symbol, vendor). A day that it holds has no row in attempts of this
 * vendor: it was delivered, nobody refused it, and nobody asks about it. Kept in the order of its key and nowhere else (WITHOUT ROWID in the
 * migration): a day of all symbols is read from one stretch, a cell is one look-up.
 */
import { sql } from 'drizzle-orm'
import { blob, check, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { bitCount } from '../coverage/bit-count.ts'

/** The first byte of `answers`: how the rest is laid out. */
export const LAYOUT = 1
/** Bytes of a day: digest 16, instant 6, rows 3, what else there is to say 1. */
export const DAY_BYTES = 26

export const packedMonths = sqliteTable(
  'packed_months',
  {
    dataset: text('dataset').notNull(),
    month: text('month').notNull(),
    symbol: text('symbol').notNull(),
    vendor: text('vendor').notNull(),
    /** Day d is bit d-1. */
    days: integer('days').notNull(),
    /** Epoch ms of the newest answer. */
    newestAt: integer('newest_at').notNull(),
    /** The layout, then the days ascending, each as wide as the other (packed-attempts.ts). */
    answers: blob('answers', { mode: 'buffer' }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.dataset, table.month, table.symbol, table.vendor] }),
    check(
      'packed_months_answers',
      sql.raw(
        `substr(answers, 1, 1) = x'${LAYOUT.toString(16).padStart(2, '0')}' AND length(answers) = 1 + ${DAY_BYTES} * ${bitCount('days')}`,
      ),
    ),
  ],
)
