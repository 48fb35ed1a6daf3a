/** The calendars as a table: every session that their rules vouch for, those to come included, so that the file changes only with the rules. */
import { CALENDARS, calendarOf } from '../_calendar/calendar.ts'
import type { CalendarName } from '../_calendar/session.ts'
import { instantOf } from '../_calendar/zone.ts'
import type { CellValue } from '../_lake/duck-table.ts'

export const CALENDAR_COLUMNS = {
  calendar: 'VARCHAR',
  dt: 'DATE',
  opens: 'BIGINT',
  closes: 'BIGINT',
  half_day: 'BOOLEAN',
}

/** Rows for a table of CALENDAR_COLUMNS, instants in epoch milliseconds. Days with yields have no hours. */
export const calendarRows = (): CellValue[][] => (Object.keys(CALENDARS) as CalendarName[]).sort().flatMap(rowsOf)

function rowsOf(name: CalendarName): CellValue[][] {
  const calendar = calendarOf(name)
  return calendar.sessions(calendar.first, calendar.last).map((dt) => {
    const session = calendar.session(dt)
    if (name === 'fed' || !session) return [name, dt, null, null, null]
    return [name, dt, session.open, session.close, session.close < instantOf(dt, '16:00')]
  })
}

/** The table's rows with instants as curated files have them. */
export const calendarSql = (table: string): string =>
  `SELECT calendar, dt, make_timestamptz(opens * 1000) AS opens, make_timestamptz(closes * 1000) AS closes, half_day
   FROM ${table} ORDER BY calendar, dt`
