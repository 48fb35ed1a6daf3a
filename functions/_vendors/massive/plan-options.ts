/** Plans the calls for option bars: one list of contracts, then one question a contract, over a window of days. */
import { calendarOf } from '../../_calendar/calendar.ts'
import { addDays, type Dt, dayNumber } from '../../_market/dt.ts'
import { tickerOn } from '../names.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { weekdaysBetween, widestWindow } from '../weekdays.ts'
import { VENDOR } from './parse.ts'
import { isOfOneName } from './plan-bars.ts'
import type { OptionsRequest } from './request.ts'
import { vendorTicker } from './ticker-format.ts'
import { DAY_ROWS, MOST_BARS, timespanOf, uniqueOf } from './wants.ts'

/** Calendar days of a window at the most: a plan is a question a contract, and longer windows see more of them expire. */
const MOST_DAYS = 60
/** Contracts of a liquid underlier that expire in one week, both rights; the widest chains have ten times as many. */
const CONTRACTS_A_WEEK = 150
const CONTRACTS_A_PAGE = 1_000

/**
 * The head's underlier from its day to the furthest want that keeps one contract's bars on one page. A want that lies further from
 * the one before than contracts are collected ahead shares hardly any with it and is left to a plan of its own. Sessions that are
 * still open do not ride along: their bars would be kept half-done while the plan goes on.
 */
export function planOptions(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, dataset, expireWithinDays, now } = terms
  const timespan = timespanOf(terms)
  const limit = Math.min(shape.rowsPerPage, MOST_BARS)
  const isSame = isOfOneName(head, terms)
  const furthest = addDays(head.dt, MOST_DAYS - 1)
  const wants = uniqueOf(
    head,
    others,
    (want) => isSame(want) && want.dt > head.dt && want.dt <= furthest && isOver(want.dt, now),
  )
  const widestGap = Math.max(7, expireWithinDays)
  const [from, to] = widestWindow(
    head.dt,
    wants.map((want) => want.dt),
    (first, last, _first, before) =>
      weekdaysBetween(first, last) * DAY_ROWS[timespan] <= limit && dayNumber(last) - dayNumber(before) <= widestGap,
  )
  const ticker = vendorTicker(tickerOn(terms, head.symbol, head.dt))
  const request: OptionsRequest = {
    kind: 'options',
    symbol: head.symbol,
    ticker,
    timespan,
    from,
    to,
    expireWithinDays,
    limit,
  }
  return {
    vendor: VENDOR,
    dataset,
    wants: wants.filter((want) => want.dt >= from && want.dt <= to),
    expectedCalls: callsOf(from, to, expireWithinDays),
    request,
    feed: shape.feed,
    isResumable: true,
  }
}

function callsOf(from: Dt, to: Dt, expireWithinDays: number): number {
  const weeks = Math.ceil((dayNumber(to) - dayNumber(from) + 1 + expireWithinDays) / 7)
  const contracts = weeks * CONTRACTS_A_WEEK
  // Two lists: those that have expired, and those that have not.
  return contracts + Math.ceil(contracts / CONTRACTS_A_PAGE) + 1
}

/** Whether the session of a day has closed at an instant (epoch ms). What lies outside the calendar's years is long over. */
export function isOver(dt: Dt, now: number): boolean {
  const calendar = calendarOf('xnys')
  if (dt < calendar.first || dt > calendar.last) return true
  const close = calendar.session(dt)?.close
  return close === undefined || close <= now
}
