/** Plans a call for yields: all tenors of every day wanted. */
import type { Dt } from '../../_market/dt.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { weekdaysBetween, widestWindow } from '../weekdays.ts'
import { VENDOR } from './parse.ts'
import type { YieldsRequest } from './request.ts'
import { uniqueOf } from './wants.ts'

/** The vendor's own bound of days on a page of yields. */
const MOST_DAYS = 50_000

/** Every day wanted of the head's group; throws a plain Error when the configuration names no series for it. */
export function planYields(
  head: Want,
  others: readonly Want[],
  { shape, dataset, series: groups }: PlanTerms,
): CallPlan {
  const series = groups[head.symbol] ?? []
  if (series.length === 0) {
    throw new Error(`expected the series of group ${head.symbol} in config/datasets.yaml, found none for ${dataset}`)
  }
  const limit = Math.min(shape.rowsPerPage, MOST_DAYS)
  const pagesOf = (from: Dt, to: Dt): number => Math.max(1, Math.ceil(weekdaysBetween(from, to) / limit))
  const wants = uniqueOf(head, others, (want) => want.symbol === head.symbol)
  const [from, to] = widestWindow(
    head.dt,
    wants.map((want) => want.dt),
    (first, last) => pagesOf(first, last) <= shape.pagesPerPlan,
  )
  const request: YieldsRequest = { kind: 'yields', group: head.symbol, series: [...series], from, to, limit }
  return {
    vendor: VENDOR,
    dataset,
    wants: wants.filter((want) => want.dt >= from && want.dt <= to),
    expectedCalls: pagesOf(from, to),
    request,
    feed: shape.feed,
  }
}
