/** day_verdicts: what the newest judgement said of each trading day of a dataset, counted, and when that last changed. Written with the judgement. */
import { integer, primaryKey, sqliteTable, text } from 'drizzle-orm/sqlite-core'

export const dayVerdicts = sqliteTable(
  'day_verdicts',
  {
    dataset: text('dataset').notNull(),
    dt: text('dt').notNull(),
    partition: text('partition').notNull(),
    /** Cells with rows; of these, those that are held, and those that are AMBER. */
    present: integer('present').notNull(),
    held: integer('held').notNull(),
    amber: integer('amber').notNull(),
    /** Cells that are judged again when the next session is there. */
    provisional: integer('provisional').notNull(),
    /** Of the day's cells, their rows and verdicts: of two judgements with the same one, the first gives `changed_at`. */
    digest: text('digest').notNull(),
    /** Epoch ms: the instant of the night that first judged what the day holds now. */
    changedAt: integer('changed_at').notNull(),
  },
  (table) => [primaryKey({ columns: [table.dataset, table.dt] })],
)
