/** The wants of a plan, each cell once, and how long their bars last. */
import { MOST_MINUTES } from '../../_calendar/calendar.ts'
import { cellKey } from '../../_market/cell.ts'
import type { PlanTerms, Want } from '../vendor.ts'

/** Base bars of one day: minute bars run from 04:00 to 20:00 New York. */
export const DAY_ROWS = { day: 1, minute: MOST_MINUTES } as const

/** Minutes of a regular session: what a day has at the least where every minute trades. */
export const SESSION_ROWS = 390

/** The most base bars this vendor puts on a page. */
export const MOST_BARS = 50_000

/** The head and the others that match, each cell once, the head first. */
export function uniqueOf(head: Want, others: readonly Want[], matches: (want: Want) => boolean): Want[] {
  const cells = new Map([[cellKey(head.symbol, head.dt), head]])
  for (const want of others) {
    const key = cellKey(want.symbol, want.dt)
    if (matches(want) && !cells.has(key)) cells.set(key, want)
  }
  return [...cells.values()]
}

/** How long a bar of the dataset lasts; throws a plain Error where the configuration does not say. */
export function timespanOf({ dataset, timeframe }: PlanTerms): 'day' | 'minute' {
  if (timeframe === null) throw new Error(`expected a timeframe of ${dataset} in config/datasets.yaml, found none`)
  return timeframe
}
