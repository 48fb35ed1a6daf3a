/** What comparing our calendar with each vendor's own came to. One row per vendor. */
import type { Db } from '../client.ts'
import { type CalendarDifference, calendarChecks } from './table.ts'

/** What was asked of a vendor's calendar, and for which evening. */
export interface CalendarQuestion {
  vendor: string
  asof: string
  fromDt: string
  toDt: string
}

export interface CalendarComparison extends CalendarQuestion {
  /** Sessions the vendor lists in the range. */
  sessions: number
  /** Days that differ, also those that are not listed. */
  differing: number
  differences: CalendarDifference[]
}

export interface CalendarCheck extends Omit<CalendarComparison, 'sessions'> {
  sessions: number | null
  /** Epoch ms. */
  checkedAt: number
  error: string | null
}

export const listCalendarChecks = async (db: Db): Promise<CalendarCheck[]> =>
  db.orm.select().from(calendarChecks).orderBy(calendarChecks.vendor)

/** Replaces what was known of the vendor's calendar. */
export async function recordComparison(db: Db, comparison: CalendarComparison, now: number): Promise<void> {
  const row = { ...comparison, checkedAt: now, error: null }
  await db.orm.insert(calendarChecks).values(row).onConflictDoUpdate({ target: calendarChecks.vendor, set: row })
}

/** Nothing could be compared: the reason is kept beside what an earlier comparison found. */
export async function recordCalendarFailure(
  db: Db,
  question: CalendarQuestion,
  error: string,
  now: number,
): Promise<void> {
  await db.orm
    .insert(calendarChecks)
    .values({ ...question, checkedAt: now, sessions: null, differing: 0, differences: [], error })
    .onConflictDoUpdate({ target: calendarChecks.vendor, set: { checkedAt: now, error } })
}
