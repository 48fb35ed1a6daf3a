/** One plan of FRED: every series of a group over one span of days, with all vintages since its first day. */
import { newYorkDt } from '../../_calendar/zone.ts'
import { cellKey } from '../../_market/cell.ts'
import type { Dt } from '../../_market/dt.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { widestWindow } from '../weekdays.ts'
import { VENDOR } from './parse.ts'
import { pagesOf, windowsSince } from './windows.ts'
import type { FredRequest } from './wire.ts'

/** The vendor's own bound of `limit`; a longer page is refused. */
const MOST_ROWS = 100_000
/** A plan of more calls may outlast what is left of a minute's budget, and goes on in the next. */
const CALLS_AT_ONCE = 20

/**
 * The plan for the head's group; as many of its wants ride along as keep the calls within `pagesPerPlan`. What costs is how long ago
 * the first day was, so those after the head ride for nothing, and a head from long ago may alone exceed the bound. Throws a plain
 * Error when the configuration names no series for the group.
 */
export function plan(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, dataset } = terms
  const series = terms.series[head.symbol] ?? []
  if (series.length === 0) {
    throw new Error(`expected the series of group ${head.symbol} in config/datasets.yaml, found none for ${dataset}`)
  }
  const wants = wantsOf(head, others)
  const today = newYorkDt(terms.now)
  const limit = Math.min(shape.rowsPerPage, MOST_ROWS)
  const callsOf = (from: Dt, to: Dt): number => {
    const pages = windowsSince(from, today).map((window) => pagesOf({ from, to, limit }, window))
    return series.length * pages.reduce((sum, count) => sum + count, 0)
  }
  const [from, to] = widestWindow(
    head.dt,
    wants.map((want) => want.dt),
    (first, last, ...narrower) => callsOf(first, last) <= Math.max(shape.pagesPerPlan, callsOf(...narrower)),
  )
  const windows = windowsSince(from, today)
  const request: FredRequest = { group: head.symbol, series: [...series], from, to, windows, today, limit }
  const expectedCalls = callsOf(from, to)
  return {
    vendor: VENDOR,
    dataset,
    wants: wants.filter((want) => want.dt >= from && want.dt <= to),
    expectedCalls,
    request,
    feed: shape.feed,
    ...(expectedCalls > CALLS_AT_ONCE ? { isResumable: true } : {}),
  }
}

/** The head and all wants of its group, each once. */
function wantsOf(head: Want, others: readonly Want[]): Want[] {
  const cells = new Map([[cellKey(head.symbol, head.dt), head]])
  for (const want of others) {
    const key = cellKey(want.symbol, want.dt)
    if (want.symbol === head.symbol && !cells.has(key)) cells.set(key, want)
  }
  return [...cells.values()]
}
