/** symbol_references: what each vendor's reference lists say of each symbol, and when they were asked. One row per (vendor, symbol). */
import { sql } from 'drizzle-orm'
import { check, integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** A ticker the company had before, with its last day. */
export interface EarlierTicker {
  symbol: string
  to: string
}

export const symbolReferences = sqliteTable(
  'symbol_references',
  {
    vendor: text('vendor').notNull(),
    symbol: text('symbol').notNull(),
    /** Whether the list of listed tickers had it; null while that list was not asked. Its absence proves nothing. */
    isListed: integer('is_listed', { mode: 'boolean' }),
    name: text('name'),
    type: text('type'),
    exchange: text('exchange'),
    compositeFigi: text('composite_figi'),
    cik: text('cik'),
    listedFrom: text('listed_from'),
    delistedOn: text('delisted_on'),
    /** Epoch ms of the first and the newest answer that stated that day. */
    delistedFirstStatedAt: integer('delisted_first_stated_at'),
    delistedStatedAt: integer('delisted_stated_at'),
    /** Tickers before, oldest first, of the vendor's list of events; null where it stated none. */
    eventTickers: text('event_tickers', { mode: 'json' }).$type<EarlierTicker[]>(),
    /** The same as the vendor filed them as corporate actions. */
    filedTickers: text('filed_tickers', { mode: 'json' }).$type<EarlierTicker[]>(),
    /** Epoch ms of the newest answer to each question; null before the first. */
    listedAskedAt: integer('listed_asked_at'),
    delistedAskedAt: integer('delisted_asked_at'),
    detailsAskedAt: integer('details_asked_at'),
    namesAskedAt: integer('names_asked_at'),
    filedAt: integer('filed_at'),
  },
  (table) => [
    primaryKey({ columns: [table.vendor, table.symbol] }),
    check(
      'symbol_references_delisted',
      sql`(${table.delistedOn} IS NULL) = (${table.delistedStatedAt} IS NULL) AND (${table.delistedOn} IS NULL) = (${table.delistedFirstStatedAt} IS NULL)`,
    ),
    check('symbol_references_listed', sql`(${table.isListed} IS NULL) = (${table.listedAskedAt} IS NULL)`),
  ],
)
