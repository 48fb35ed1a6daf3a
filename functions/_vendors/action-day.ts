/** The cell of a corporate action: actions may take effect on a weekend or a holiday, cells are sessions. */
import type { TradingCalendar } from '../_calendar/session.ts'
import { addDays, type Dt, minDt } from '../_market/dt.ts'

/** The first session on or after the day an action takes effect; null where the calendar no longer vouches for it. */
export function sessionOfAction(calendar: TradingCalendar, effective: Dt): Dt | null {
  if (effective < calendar.first || effective > calendar.last) return null
  if (calendar.isSession(effective)) return effective
  return calendar.away(effective, 1)
}

/**
 * The earliest day on which an action of a session's cell may take effect: the day after the session before. The calendar's first session has
 * none before it: its cell begins with the calendar.
 */
export function firstEffective(calendar: TradingCalendar, dt: Dt): Dt {
  if (dt > calendar.last) return dt
  const before = calendar.away(dt, -1)
  return before === null ? minDt(dt, calendar.first) : addDays(before, 1)
}
