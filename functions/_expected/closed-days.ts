/** Which sessions a bar of a closed day puts in doubt. */
import type { TradingCalendar } from '../_calendar/session.ts'
import { type Dt, maxDt, minDt } from '../_market/dt.ts'

const NEAR_SESSIONS = 5

/** Calendar days that surely hold so many sessions: the longest closure since 1990 lasted a week. */
export const NEAR_DAYS = 16

/** Does the session lie within five sessions of the closed day? Dates that are shifted put a week's last or first bar there. */
export const isNearClosedDay = (calendar: TradingCalendar, closedDay: Dt, session: Dt): boolean =>
  calendar.sessions(minDt(closedDay, session), maxDt(closedDay, session)).length <= NEAR_SESSIONS
