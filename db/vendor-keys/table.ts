/** vendor_keys: which key each account was last used with, as a fingerprint, and whether its vendor refuses it. Never the key. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const vendorKeys = sqliteTable('vendor_keys', {
  /** The vendor entry whose keys and budget others may share. */
  account: text('account').primaryKey(),
  /** A keyed hash of the key, cut short: enough to see that it changed. Empty before the first start that knew of it. */
  fingerprint: text('fingerprint').notNull(),
  /** Epoch ms at which the data host first refused the key; null while it does not. */
  refusedAt: integer('refused_at'),
  /** The same of the trading host, which may refuse a key that the data host takes. */
  tradingRefusedAt: integer('trading_refused_at'),
})
