/** What every trading calendar answers, and the list of calendars there are. */
import type { Dt, Month } from '../_market/dt.ts'
import { fed } from './fed.ts'
import { xnys } from './xnys.ts'

/** Minutes from 04:00 to 20:00 New York: a session has no more bars, with those before the open and after the close. */
export const MOST_MINUTES = 960

/** One open day of a calendar. Instants are epoch milliseconds, `open` inclusive, `close` exclusive. */
export interface Session {
  dt: Dt
  open: number
  close: number
}

export interface TradingCalendar {
  name: CalendarName
  /** The first and last day the rules below are vouched for; asking outside throws a RangeError that names both. */
  first: Dt
  last: Dt
  isSession(dt: Dt): boolean
  /** The session of a day, or undefined when the market is closed that day. */
  session(dt: Dt): Session | undefined
  /** Sessions with from <= dt <= to, ascending; the range is clipped to [first, last]. */
  sessions(from: Dt, to: Dt): Dt[]
  /** The n-th session strictly after dt (n = 1 is the next one). */
  next(dt: Dt, n?: number): Dt
  /** The n-th session strictly before dt. */
  previous(dt: Dt, n?: number): Dt
  /** The n-th session strictly after dt, of a negative n before it; null where the calendar holds none, and for days outside of it. */
  away(dt: Dt, n: number): Dt | null
  /** The newest session whose close is at or before the instant. */
  lastClosed(now: number): Dt
  /** The sessions of a month as a mask: day d is bit d-1. */
  monthMask(month: Month): number
}

export type CalendarName = 'xnys' | 'fed'
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
