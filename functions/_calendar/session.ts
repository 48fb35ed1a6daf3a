/** One session, and what every trading calendar can tell. */
import type { Dt, Month } from '../_market/dt.ts'

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
