/** calendar_checks: how our calendar of sessions compares with each vendor's own, the newest comparison a vendor. */
import { sql } from 'drizzle-orm'
import { check, integer, sqliteTable, text } from 'drizzle-orm/sqlite-core'

/** A day on which two calendars disagree: open and close, epoch ms, or null where a calendar has no session that day. */
export interface CalendarDifference {
  dt: string
  ours: [open: number, close: number] | null
  theirs: [open: number, close: number] | null
}

export const calendarChecks = sqliteTable(
  'calendar_checks',
  {
    vendor: text('vendor').primaryKey(),
    /** The as-of day, the range and the result of the newest comparison; of the attempt where there was none yet. */
    asof: text('asof').notNull(),
    /** Epoch ms of the newest attempt. */
    checkedAt: integer('checked_at').notNull(),
    /** First and last day compared. */
    fromDt: text('from_dt').notNull(),
    toDt: text('to_dt').notNull(),
    /** Sessions the vendor lists between them; null while nothing was compared. */
    sessions: integer('sessions'),
    /** Days that differ, all of them counted; `differences` holds the first ones, ascending. */
    differing: integer('differing').notNull(),
    differences: text('differences', { mode: 'json' }).$type<CalendarDifference[]>().notNull(),
    /** Why the newest attempt came to nothing; null when it did not. What was known before it stays. */
    error: text('error'),
  },
  (table) => [
    check('calendar_checks_compared', sql`${table.sessions} IS NOT NULL OR ${table.error} IS NOT NULL`),
    check('calendar_checks_differing', sql`${table.differing} >= 0`),
  ],
)
