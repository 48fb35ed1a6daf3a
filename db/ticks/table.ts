/** ticks: firings of a cron chain by their scheduled instant, and the step a chain has reached. A firing is taken once. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const ticks = sqliteTable(
  'ticks',
  {
    chain: text('chain').notNull(),
    scheduledAt: integer('scheduled_at').notNull(),
    begunAt: integer('begun_at').notNull(),
    step: integer('step').notNull(),
    /** Epoch ms at which the present step began, so that its deadline survives a restart. */
    stepBegunAt: integer('step_begun_at').notNull(),
    endedAt: integer('ended_at'),
    result: text('result'),
  },
  (table) => [primaryKey({ columns: [table.chain, table.scheduledAt] })],
)
