/** circuits: one row per vendor that misbehaved: failures in a row, and until when nothing is sent to it. */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const circuits = sqliteTable('circuits', {
  vendor: text('vendor').primaryKey(),
  failures: integer('failures').notNull(),
  /** Epoch ms until which the vendor is left alone (circuit open, or its own Retry-After). */
  blockedUntil: integer('blocked_until').notNull(),
  why: text('why').notNull(),
})
