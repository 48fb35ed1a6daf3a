/** Which sessions a bar of a closed day puts in doubt. */
import type { TradingCalendar } from '../_calendar/session.ts'
import { addDays, type Dt, maxDt, minDt } from '../_market/dt.ts'

const NEAR_SESSIONS = 5

/** Calendar days that surely hold so many sessions: the longest closure since 1990 lasted a week. */
export const NEAR_DAYS = 16

/** Does the session lie within five sessions of the closed day? Dates that are shifted put a week's last or first bar there. */
export const isNearClosedDay = (calendar: TradingCalendar, closedDay: Dt, session: Dt): boolean =>
  calendar.sessions(minDt(closedDay, session), maxDt(closedDay, session)).length <= NEAR_SESSIONS

/**
 * Do dates that lie a calendar day off put a bar on this closed day, and leave this session empty? A day late they fill the day after a session and leave
 * the session after a closed day, such as Saturday and Monday; a day early Sunday and Friday.
 */
export function isShiftedDay(calendar: TradingCalendar, closedDay: Dt, emptySession: Dt): boolean {
  const shows = (days: 1 | -1): boolean =>
    calendar.isSession(addDays(closedDay, days)) && !calendar.isSession(addDays(emptySession, days))
  return shows(-1) || shows(1)
}
