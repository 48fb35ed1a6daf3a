/** leases: who works on a task, until when, proved by which token. A task has a lease exactly while it is `leased`. */
import { index, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'
import { gapTasks } from '../gap-tasks/table.ts'

export const leases = sqliteTable(
  'leases',
  {
    taskId: integer('task_id')
      .primaryKey()
      .references(() => gapTasks.id),
    vendor: text('vendor').notNull(),
    token: text('token').notNull(),
    holder: text('holder').notNull(),
    leasedAt: integer('leased_at').notNull(),
    leaseExpiresAt: integer('lease_expires_at').notNull(),
  },
  (table) => [index('leases_token').on(table.token), index('leases_expiry').on(table.leaseExpiresAt)],
)
