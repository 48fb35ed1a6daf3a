/** Chooses the symbols and days whose corporate actions Alpaca is asked for: many symbols, whole histories. */
import { calendarOf } from '../../_calendar/calendar.ts'
import { addDays, type Dt, maxDt, minDt } from '../../_market/dt.ts'
import { firstEffective } from '../action-day.ts'
import { tickersOf } from '../names.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { weekdaysBetween } from '../weekdays.ts'
import { eligibleWants, symbolBatch } from './batch-symbols.ts'
import { VENDOR } from './parse.ts'
import { ACTIONS_PATH, type ActionsRequest } from './request.ts'
import { vendorTicker } from './ticker-format.ts'

const MOST_ROWS_PER_PAGE = 1_000
/** Actions of a symbol a weekday: a little more than four dividends a year, as every second company pays them. */
const USUAL_ROWS = 0.015
/**
 * The window is of process dates, the cells are of effective dates. A dividend is processed when it is paid, mostly within a
 * month of its ex-date, in the far end half a year later; recorded samples also hold payments two weeks before it. An action
 * processed outside of this is missed.
 */
const DAYS_BEFORE = 30
const DAYS_BEHIND = 180

/**
 * The symbols wanted on the head's day (head first, then by name) as far as one address holds all their tickers, and all their
 * later wants: a symbol has a handful of actions a year, so whole windows cost little.
 */
export function planActions(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape } = terms
  const eligible = eligibleWants(head, others)
  const column = symbolBatch(head, eligible, {
    path: ACTIONS_PATH,
    tickersPerCall: shape.symbolsPerCall,
    tickersOf: (symbol) => tickersOf(terms, symbol),
    mostRows: Number.POSITIVE_INFINITY,
    rowsOf: () => 0,
  })
  const symbols = new Set(column.map((want) => want.symbol))
  const wants = eligible.filter((want) => symbols.has(want.symbol))
  const to = wants.map((want) => want.dt).reduce(maxDt)
  const tickers = new Set([...symbols].flatMap((symbol) => tickersOf(terms, symbol)).map(vendorTicker))
  const limit = Math.min(shape.rowsPerPage, MOST_ROWS_PER_PAGE)
  const request: ActionsRequest = {
    kind: 'actions',
    symbols: [...symbols].sort(),
    tickers: [...tickers].sort(),
    from: head.dt,
    to,
    start: addDays(firstDay(head.dt), -DAYS_BEFORE),
    end: addDays(to, DAYS_BEHIND),
    limit,
    sort: 'asc',
  }
  const rows = symbols.size * weekdaysBetween(request.start, request.end) * USUAL_ROWS
  return {
    vendor: VENDOR,
    dataset: terms.dataset,
    wants,
    expectedCalls: 1 + Math.floor(rows / limit),
    request,
    feed: shape.feed,
    isResumable: true,
    // A wider window may have brought what this one passes over.
    speaksFor: { processed: { from: request.start, to: request.end } },
  }
}

/** The earliest effective date of the first cell; beyond the calendar its own day. */
function firstDay(dt: Dt): Dt {
  const calendar = calendarOf('xnys')
  return minDt(dt, firstEffective(calendar, minDt(dt, calendar.last)))
}
