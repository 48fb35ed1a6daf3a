/** Plans a call for stock bars: one ticker over years, or the whole market on one day. */
import type { Dt } from '../../_market/dt.ts'
import { tickerOn, tickerUntil } from '../names.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { openDaysBetween, widestWindow } from '../weekdays.ts'
import { VENDOR } from './parse.ts'
import type { MassiveRequest, RangeRequest } from './request.ts'
import { vendorTicker } from './ticker-format.ts'
import { DAY_ROWS, SESSION_ROWS, timespanOf, uniqueOf } from './wants.ts'

/**
 * Daily bars: the whole market on the head's day when more symbols want that day than days are wanted of the head's symbol,
 * else a range. Minute bars: always a range, of as many days as fit.
 */
export function planBars(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, dataset } = terms
  const range = rangeOf(head, others, terms)
  const column = uniqueOf(head, others, (want) => want.dt === head.dt)
  const isGrouped = range.request.timespan === 'day' && column.length > range.wants.length
  const request: MassiveRequest = isGrouped ? { kind: 'grouped', dt: head.dt } : range.request
  return {
    vendor: VENDOR,
    dataset,
    wants: isGrouped ? column : range.wants,
    expectedCalls: isGrouped ? 1 : range.pages,
    request,
    feed: shape.feed,
    ...(isGrouped ? {} : range.stop),
  }
}

interface Range {
  request: RangeRequest
  wants: Want[]
  pages: number
  stop: Pick<CallPlan, 'stopsAfter'>
}

function rangeOf(head: Want, others: readonly Want[], terms: PlanTerms): Range {
  const { shape } = terms
  const timespan = timespanOf(terms)
  // Of a running session every bar is wanted now; else a range that is too long by some days fills its last page.
  const isOpenEnded = timespan === 'minute' && terms.settledUntil === null
  const mostADay = DAY_ROWS[timespan]
  const rowsADay = isOpenEnded ? SESSION_ROWS : mostADay
  const pagesOf = (from: Dt, to: Dt, perDay: number = rowsADay): number =>
    Math.max(1, Math.ceil((openDaysBetween(from, to) * perDay) / shape.rowsPerPage))
  const wants = uniqueOf(head, others, isOfOneName(head, terms))
  const dts = wants.map((want) => want.dt)
  // A stretch that nobody wants may cost one more page, which is what a call of its own would cost, but never two.
  const [from, to] = widestWindow(
    head.dt,
    dts,
    (first, last, beforeFirst, beforeLast) =>
      pagesOf(first, last) <= shape.pagesPerPlan &&
      pagesOf(first, last, mostADay) - pagesOf(beforeFirst, beforeLast, mostADay) <= 1,
  )
  const ticker = vendorTicker(tickerOn(terms, head.symbol, head.dt))
  return {
    request: { kind: 'range', symbol: head.symbol, ticker, timespan, from, to, limit: shape.rowsPerPage },
    wants: wants.filter((want) => want.dt >= from && want.dt <= to),
    pages: pagesOf(from, to),
    stop: isOpenEnded
      ? { stopsAfter: Math.max(shape.pagesPerPlan, Math.ceil((DAY_ROWS.minute + 1) / shape.rowsPerPage)) }
      : {},
  }
}

/**
 * Whether a want is the head's symbol under the name it had on the head's day. This vendor maps no renames: META before 2022-06-09
 * is asked for as FB, and after its last day a ticker may be somebody else's.
 */
export function isOfOneName(head: Want, terms: PlanTerms): (want: Want) => boolean {
  const until = tickerUntil(terms, head.symbol, head.dt)
  return ({ symbol, dt }) =>
    symbol === head.symbol && tickerUntil(terms, symbol, dt) === until && (until === null || dt <= until)
}
