/** One plan of FRED: every series of a group over one window of days, a request a series. */
import { cellKey } from '../../_market/cell.ts'
import { dayNumber } from '../../_market/dt.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { widestWindow } from '../weekdays.ts'
import { VENDOR } from './parse.ts'
import type { FredRequest } from './wire.ts'

/** The vendor's own bound of `limit`; a longer page is refused. */
const MOST_ROWS = 100_000

/**
 * The plan for the head's group; all wants of that group ride along, since a window of sixty years still is one page. Throws
 * a plain Error when the configuration names no series for the group.
 */
export function plan(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, dataset } = terms
  const series = terms.series[head.symbol] ?? []
  if (series.length === 0) {
    throw new Error(`expected the series of group ${head.symbol} in config/datasets.yaml, found none for ${dataset}`)
  }
  const cells = new Map([[cellKey(head.symbol, head.dt), head]])
  for (const want of others) {
    const key = cellKey(want.symbol, want.dt)
    if (want.symbol === head.symbol && !cells.has(key)) cells.set(key, want)
  }
  const wants = [...cells.values()]
  const limit = Math.min(shape.rowsPerPage, MOST_ROWS)
  const pagesPerSeries = Math.max(1, Math.floor(shape.pagesPerPlan / series.length))
  const pagesOf = (from: string, to: string): number => Math.ceil((dayNumber(to) - dayNumber(from) + 1) / limit)
  const [from, to] = widestWindow(
    head.dt,
    wants.map((want) => want.dt),
    (first, last) => pagesOf(first, last) <= pagesPerSeries,
  )
  const request: FredRequest = { group: head.symbol, series: [...series], from, to, limit }
  return {
    vendor: VENDOR,
    dataset,
    wants: wants.filter((want) => want.dt >= from && want.dt <= to),
    expectedCalls: series.length * pagesOf(from, to),
    request,
    feed: shape.feed,
  }
}
