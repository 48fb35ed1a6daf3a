/** How many days of a range a market could be open: the size of a request before anyone looks at a calendar. */
import { type Dt, dayNumber, weekday } from '../_market/dt.ts'

/** Monday to Friday with from <= dt <= to; 0 when the range is empty. Holidays count, so it never falls short. */
export function weekdaysBetween(from: Dt, to: Dt): number {
  const days = dayNumber(to) - dayNumber(from) + 1
  if (days <= 0) return 0
  const first = weekday(from)
  let count = Math.floor(days / 7) * 5
  for (let day = 0; day < days % 7; day++) if (((first + day) % 7) % 6 !== 0) count += 1
  return count
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
