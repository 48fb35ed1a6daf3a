/**
 * leases: who works, until when, proved by which token. One row per call, or per slice of a large one; a task that is `leased` carries the id
 * of its lease, and no other does. So a lease of ten thousand tasks is put off or taken back in one row.
 */
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const leases = sqliteTable('leases', {
  id: integer('id').primaryKey(),
  vendor: text('vendor').notNull(),
  token: text('token').notNull(),
  holder: text('holder').notNull(),
  leasedAt: integer('leased_at').notNull(),
  leaseExpiresAt: integer('lease_expires_at').notNull(),
  /** Ids of the tasks it was taken for: where to look for those it still holds. Last, so that looking at a lease need not read it. */
  tasks: text('tasks', { mode: 'json' }).$type<number[]>().notNull(),
})
