/** The real-time windows in which the vintages of a series are asked for, because one answer may cover 2,000 vintage dates only. */
import { addDays, type Dt, dayNumber, dtOfDay, minDt } from '../../_market/dt.ts'
import type { RealtimeWindow } from './wire.ts'

/**
 * The end of a window that reaches to the present. Any other day after the vendor's own today is refused, and its today is that of
 * US Central time, an hour behind New York.
 */
export const LATEST = '9999-12-31'

/**
 * Days of a window. A vintage date is a weekday, and 400 weeks hold 2,000 of them; a week less, because the last window is open and
 * may still be asked some days after it was planned.
 */
const WINDOW_DAYS = 399 * 7

/** How often a window that holds too many vintage dates all the same is cut in two. */
export const MOST_HALVINGS = 2

/**
 * Windows without gap or overlap from the day `from` to the present, oldest first; `today` is the New York day of asking. The last one
 * begins before `today` (unless `from` does not), since the vendor's own today may be the day before.
 */
export function windowsSince(from: Dt, today: Dt): RealtimeWindow[] {
  const windows: RealtimeWindow[] = []
  let start = from
  for (let next = addDays(start, WINDOW_DAYS); next < today; next = addDays(start, WINDOW_DAYS)) {
    windows.push({ start, end: addDays(next, -1) })
    start = next
  }
  windows.push({ start, end: LATEST })
  return windows
}

/** A window in two parts, older first; null when it holds a single day up to `today`. */
export function halvesOf({ start, end }: RealtimeWindow, today: Dt): [RealtimeWindow, RealtimeWindow] | null {
  const known = minDt(end, today)
  if (known <= start) return null
  const middle = dtOfDay(Math.floor((dayNumber(start) + dayNumber(known)) / 2))
  return [
    { start, end: middle },
    { start: addDays(middle, 1), end },
  ]
}

/** What is asked of each window: days of observation, both ends inclusive, and rows a page. */
export interface Span {
  from: Dt
  to: Dt
  limit: number
}

/** Pages expected of one series in a window: a row for each day that could be known by then; weekends are room for revisions. */
export function pagesOf({ from, to, limit }: Span, { end }: RealtimeWindow): number {
  return Math.max(1, Math.ceil((dayNumber(minDt(to, end)) - dayNumber(from) + 1) / limit))
}
