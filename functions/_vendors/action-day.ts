/** The cell of a corporate action: actions may take effect on a weekend or a holiday, cells are sessions. */
import type { TradingCalendar } from '../_calendar/calendar.ts'
import { addDays, type Dt } from '../_market/dt.ts'

/** The first session on or after the day an action takes effect; null where the calendar no longer vouches for it. */
export function sessionOfAction(calendar: TradingCalendar, effective: Dt): Dt | null {
  if (effective < calendar.first || effective > calendar.last) return null
  if (calendar.isSession(effective)) return effective
  const next = calendar.next(effective)
  return next > calendar.last ? null : next
}

/** The earliest day on which an action of a session's cell may take effect: the day after the session before. */
export const firstEffective = (calendar: TradingCalendar, dt: Dt): Dt =>
  dt <= calendar.first ? dt : addDays(calendar.previous(dt), 1)
