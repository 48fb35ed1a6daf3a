/** What every trading calendar answers, and the list of calendars there are. */
import { fed } from './fed.ts'
import type { CalendarName, TradingCalendar } from './session.ts'
import { xnys } from './xnys.ts'

/** Minutes from 04:00 to 20:00 New York: a session has no more bars, with those before the open and after the close. */
export const MOST_MINUTES = 960

export const CALENDARS: Record<CalendarName, TradingCalendar> = { xnys, fed }
/** The close of a first session, epoch ms: from then on a calendar can say what closed last. */
export const firstClose = (calendar: TradingCalendar): number =>
  calendar.session(calendar.next(calendar.first))?.close ?? Number.NaN

/** The instant nearest to one, epoch ms, at which every calendar can say what closed last: for reads, which answer whatever the clock shows. */
export function instantWithinCalendars(instant: number): number {
  const all = Object.values(CALENDARS)
  const first = Math.max(...all.map(firstClose))
  const last = Math.min(...all.map((calendar) => Date.parse(`${calendar.last}T12:00:00Z`)))
  return Math.min(Math.max(instant, first), last)
}

export const calendarOf = (name: CalendarName): TradingCalendar => CALENDARS[name]
