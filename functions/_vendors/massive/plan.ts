/** Chooses the shape of a call to Massive: one ticker over years, the whole market on one day, or all yields of all days. */
import { cellKey } from '../../_market/cell.ts'
import type { Dt } from '../../_market/dt.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { weekdaysBetween, widestWindow } from '../weekdays.ts'
import { VENDOR } from './parse.ts'
import type { MassiveRequest } from './wire.ts'

/** Base bars of one day: minute bars run from 04:00 to 20:00 New York. */
const DAY_ROWS = { day: 1, minute: 960 } as const
/** The vendor's own bound of days on a page of yields. */
const MOST_DAYS = 50_000

/**
 * The plan for `head`. Daily bars: the whole market on the head's day when more symbols want that day than days are wanted
 * of the head's symbol, else a range. Minute bars: always a range, of as many days as fit. Yields: every day wanted of the
 * head's group; throws a plain Error when the configuration names no series for it.
 */
export function plan(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  return terms.dataset === 'macro_treasury' ? planYields(head, others, terms) : planBars(head, others, terms)
}

function planYields(head: Want, others: readonly Want[], { shape, dataset, series: groups }: PlanTerms): CallPlan {
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
  const request: MassiveRequest = { kind: 'yields', group: head.symbol, series: [...series], from, to, limit }
  return {
    vendor: VENDOR,
    dataset,
    wants: wants.filter((want) => want.dt >= from && want.dt <= to),
    expectedCalls: pagesOf(from, to),
    request,
    feed: shape.feed,
  }
}

function planBars(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, dataset } = terms
  const range = rangeOf(head, others, terms)
  const column = uniqueOf(head, others, (want) => want.dt === head.dt)
  const isGrouped = dataset === 'equities_bars' && column.length > range.wants.length
  const request: MassiveRequest = isGrouped ? { kind: 'grouped', dt: head.dt } : range.request
  return {
    vendor: VENDOR,
    dataset,
    wants: isGrouped ? column : range.wants,
    expectedCalls: isGrouped ? 1 : range.pages,
    request,
    feed: shape.feed,
  }
}

interface Range {
  request: MassiveRequest
  wants: Want[]
  pages: number
}

function rangeOf(head: Want, others: readonly Want[], { shape, dataset }: PlanTerms): Range {
  const timespan = dataset === 'equities_bars' ? 'day' : 'minute'
  const pagesOf = (from: Dt, to: Dt): number => {
    const rows = weekdaysBetween(from, to) * DAY_ROWS[timespan]
    return Math.max(1, Math.ceil(rows / shape.rowsPerPage))
  }
  const wants = uniqueOf(head, others, (want) => want.symbol === head.symbol)
  const dts = wants.map((want) => want.dt)
  // A stretch that nobody wants may cost one more page, which is what a call of its own would cost, but never two.
  const [from, to] = widestWindow(
    head.dt,
    dts,
    (first, last, beforeFirst, beforeLast) =>
      pagesOf(first, last) <= shape.pagesPerPlan && pagesOf(first, last) - pagesOf(beforeFirst, beforeLast) <= 1,
  )
  return {
    request: { kind: 'range', symbol: head.symbol, timespan, from, to, limit: shape.rowsPerPage },
    wants: wants.filter((want) => want.dt >= from && want.dt <= to),
    pages: pagesOf(from, to),
  }
}

/** The head and the others that match, each cell once. */
function uniqueOf(head: Want, others: readonly Want[], matches: (want: Want) => boolean): Want[] {
  const cells = new Map([[cellKey(head.symbol, head.dt), head]])
  for (const want of others) {
    const key = cellKey(want.symbol, want.dt)
    if (matches(want) && !cells.has(key)) cells.set(key, want)
  }
  return [...cells.values()]
}
