/** How many days of bars one plan asks for, and the instants between which they lie. */
import { instantOf } from '../../_calendar/zone.ts'
import { addDays, type Dt } from '../../_market/dt.ts'
import type { Want } from '../vendor.ts'
import { openDaysBetween } from '../weekdays.ts'

export const MINUTE_MS = 60_000
/** The free plan refuses a request whose end lies in the newest 15 minutes, whole; one more for clocks that differ. */
export const RECENCY_MS = 16 * MINUTE_MS
/**
 * Below one wanted cell in two, most of what a page carries is thrown away, and the far wants are better served by a
 * rectangle of their own; above it, one call with waste is still cheaper than two without.
 */
const LEAST_WANTED_SHARE = 0.5
/** A longer window, or a wider one, that brings nearly as many wanted cells a page as the best one saves dispatches. */
export const NEARLY = 0.99

export interface WindowTerms {
  /** Symbols side by side. */
  width: number
  /** Rows of a cell where nobody knows better. */
  recentRowCounts: number
  /** What the rows of a window are paid in. */
  rowsPerPage: number
  mostPages: number
}

export interface Window {
  to: Dt
  /** Rows to expect. */
  rows: number
  /** Wanted cells for each page that is paid for. */
  yields: number
}

/**
 * The last day to ask for, and the rows to expect then: of all windows the longest that brings nearly as many wanted cells a page as any.
 * `wants` are those of the chosen symbols, from the head's day on. Every (symbol, open day) of the window counts, wanted or not: the
 * vendor serves them all.
 */
export function chooseWindow(
  head: Want,
  wants: readonly Want[],
  { width, recentRowCounts, rowsPerPage, mostPages }: WindowTerms,
): Window {
  const days = [...byDay(wants)].sort(([a], [b]) => (a < b ? -1 : 1))
  const windows: Window[] = []
  let wanted = 0
  let beyondUsual = 0
  let cells = 0
  let before: Dt | null = null
  for (const [dt, ofDay] of days) {
    wanted += ofDay.length
    // A want on a closed day (asked for by hand) is not among the usual cells.
    const usual = openDaysBetween(dt, dt) * recentRowCounts
    for (const want of ofDay) beyondUsual += (want.expectedRows ?? recentRowCounts) - usual
    cells += openDaysBetween(before === null ? head.dt : addDays(before, 1), dt) * width
    before = dt
    const rows = cells * recentRowCounts + beyondUsual
    const pages = Math.max(1, Math.ceil(rows / rowsPerPage))
    if (pages > mostPages && windows.length > 0) break
    // A poor day may be followed by rich ones, so the search goes on to the end of the capacity.
    if (dt !== head.dt && wanted < LEAST_WANTED_SHARE * cells) continue
    windows.push({ to: dt, rows, yields: wanted / pages })
  }
  const best = Math.max(...windows.map(({ yields }) => yields))
  return windows.findLast(({ yields }) => yields >= NEARLY * best)!
}

function byDay(wants: readonly Want[]): Map<Dt, Want[]> {
  const days = new Map<Dt, Want[]>()
  for (const want of wants) {
    const day = days.get(want.dt)
    if (day === undefined) days.set(want.dt, [want])
    else day.push(want)
  }
  return days
}

/** The first instant of a New York day (epoch ms). */
export const startOf = (dt: Dt): number => instantOf(dt, '00:00')

/** The last minute of a New York day (epoch ms). Both ends are inclusive: a minute later the next day's first bar would come along. */
export const endOf = (dt: Dt): number => startOf(addDays(dt, 1)) - MINUTE_MS

/** `2024-06-03T04:00:00Z`, whole seconds. */
export const rfc3339 = (instant: number): string => `${new Date(instant).toISOString().slice(0, 19)}Z`
