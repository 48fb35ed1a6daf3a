/** How many days of a range a market could be open: the size of a request before anyone looks at a calendar. */
import { calendarOf } from '../_calendar/calendar.ts'
import { addDays, type Dt, dayNumber, maxDt, minDt, weekday } from '../_market/dt.ts'

/** Monday to Friday with from <= dt <= to; 0 when the range is empty. Holidays count, so it never falls short. */
export function weekdaysBetween(from: Dt, to: Dt): number {
  const days = dayNumber(to) - dayNumber(from) + 1
  if (days <= 0) return 0
  const first = weekday(from)
  let count = Math.floor(days / 7) * 5
  for (let day = 0; day < days % 7; day++) if (((first + day) % 7) % 6 !== 0) count += 1
  return count
}

/** Sessions up to and including each day the calendar vouches for, counted once. */
let sessionsUpTo: Uint16Array | undefined

/** Days with from <= dt <= to on which stocks trade: sessions where the calendar vouches for them, Monday to Friday elsewhere. */
export function openDaysBetween(from: Dt, to: Dt): number {
  const { first, last, sessions } = calendarOf('xnys')
  const [inFrom, inTo] = [maxDt(from, first), minDt(to, last)]
  if (inFrom > inTo) return weekdaysBetween(from, to)
  const origin = dayNumber(first)
  if (sessionsUpTo === undefined) {
    sessionsUpTo = new Uint16Array(dayNumber(last) - origin + 2)
    for (const dt of sessions(first, last)) sessionsUpTo[dayNumber(dt) - origin + 1] = 1
    for (let day = 1; day < sessionsUpTo.length; day++) sessionsUpTo[day]! += sessionsUpTo[day - 1]!
  }
  const inside = sessionsUpTo[dayNumber(inTo) - origin + 1]! - sessionsUpTo[dayNumber(inFrom) - origin]!
  const before = from < first ? weekdaysBetween(from, addDays(first, -1)) : 0
  return before + inside + (to > last ? weekdaysBetween(addDays(last, 1), to) : 0)
}

/**
 * The widest [from, to] around `start` that ends on days of `dts`: first forward, because work is oldest first, then backward.
 * `fits` is told the wider window and the one it would replace.
 */
export function widestWindow(
  start: Dt,
  dts: readonly Dt[],
  fits: (from: Dt, to: Dt, narrowerFrom: Dt, narrowerTo: Dt) => boolean,
): [Dt, Dt] {
  const sorted = [...new Set(dts)].sort()
  let from = start
  let to = start
  for (const dt of sorted) {
    if (dt <= start) continue
    if (!fits(from, dt, from, to)) break
    to = dt
  }
  for (const dt of sorted.reverse()) {
    if (dt >= start) continue
    if (!fits(dt, to, from, to)) break
    from = dt
  }
  return [from, to]
}
