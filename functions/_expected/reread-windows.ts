/** When a session's data is worth asking for again: vendors correct bars in the days after the close. */
import type { DatasetConfig } from '../../config/schema.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import type { TradingCalendar } from '../_calendar/session.ts'
import { addDays, type Dt, type Month, monthOf } from '../_market/dt.ts'

/** How far back a node that was off catches up, calendar days: more than the widest window a configuration may name. */
const CATCH_UP_DAYS = 45

/**
 * The sessions that have a window which had opened by an instant, each with the instant (epoch ms) its newest one opened: the close of the
 * n-th session after it. Whoever has read the session since then is up to date; so a window that was missed is caught up by one reading.
 */
export function openWindows(spec: DatasetConfig, at: number): { dt: Dt; dueAt: number }[] {
  const calendar = calendarOf(spec.calendar)
  const newest = calendar.lastClosed(at)
  const sessions = calendar.sessions(addDays(newest, -CATCH_UP_DAYS), newest)
  const widestFirst = [...(spec.restate?.sessions ?? [])].sort((a, b) => b - a)
  return sessions.flatMap((dt, index) => {
    const opened = widestFirst.map((after) => sessions[index + after]).find((later) => later !== undefined)
    return opened === undefined ? [] : [{ dt, dueAt: calendar.session(opened)!.close }]
  })
}

/** The first day that a window may still touch, however long the node was off: what lies before it is never asked for again because of one. */
export const firstRereadDay = (spec: DatasetConfig, at: number): Dt =>
  addDays(calendarOf(spec.calendar).lastClosed(at), -CATCH_UP_DAYS)

/** The first month of which a window may still open, or be caught up, at an instant: those before it are closed. */
export const openMonth = (spec: DatasetConfig, at: number): Month => monthOf(firstRereadDay(spec, at))

/** The newest window of a session that had opened by an instant: after how many sessions it opens. Null before the first one, and where there is none. */
export function windowAt(spec: DatasetConfig, dt: Dt, at: number): number | null {
  const calendar = calendarOf(spec.calendar)
  const widestFirst = [...(spec.restate?.sessions ?? [])].sort((a, b) => b - a)
  if (dt < addDays(calendar.lastClosed(at), -CATCH_UP_DAYS)) return widestFirst[0] ?? null
  const hasOpened = (after: number): boolean => opensAt(calendar, dt, after) <= at
  return widestFirst.find(hasOpened) ?? null
}

/** The instant (epoch ms) at which the next window of a session opens after `at`; null when none is left. */
export function nextWindow(spec: DatasetConfig, dt: Dt, at: number): number | null {
  const calendar = calendarOf(spec.calendar)
  const narrowestFirst = [...(spec.restate?.sessions ?? [])].sort((a, b) => a - b)
  // A day long ago has no window left: looking its sessions up would cost more than knowing that.
  if (narrowestFirst.length === 0 || dt < addDays(calendar.lastClosed(at), -CATCH_UP_DAYS)) return null
  for (const after of narrowestFirst) {
    const opening = opensAt(calendar, dt, after)
    if (opening > at && opening < Number.POSITIVE_INFINITY) return opening
  }
  return null
}

/** The instant (epoch ms) at which the last window of a session opens; null without windows, and where the calendar ends before it. */
export function lastWindow(spec: DatasetConfig, dt: Dt): number | null {
  if (!spec.restate) return null
  const opening = opensAt(calendarOf(spec.calendar), dt, Math.max(...spec.restate.sessions))
  return opening === Number.POSITIVE_INFINITY ? null : opening
}

/** The close of the n-th session after a day, epoch ms; Infinity where the calendar ends before it. */
function opensAt(calendar: TradingCalendar, dt: Dt, after: number): number {
  const session = calendar.away(dt, after)
  return session === null ? Number.POSITIVE_INFINITY : calendar.session(session)!.close
}
