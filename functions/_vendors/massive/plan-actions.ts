/** Plans the calls for corporate actions: two lists for many symbols and years at once and, where configured, one question a symbol. */
import { calendarOf } from '../../_calendar/calendar.ts'
import { addDays, type Dt, dayNumber } from '../../_market/dt.ts'
import { firstEffective } from '../action-day.ts'
import { tickerOn, tickersOf, tickerUntil } from '../names.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { widestWindow } from '../weekdays.ts'
import { VENDOR } from './parse.ts'
import type { ActionsRequest } from './request.ts'
import { vendorTicker } from './ticker-format.ts'
import { uniqueOf } from './wants.ts'

/** The vendor's own bound of rows on a page. */
const MOST_ROWS = 5_000
/** Dividends a symbol pays a year: many pay four, funds up to twelve, many none. A plan for which that is too few goes on where its budget ended. */
const DIVIDENDS_A_YEAR = 3
const DAYS_A_YEAR = 365.25
/** Splits are rare: those of all symbols and years fit on one page. A plan has that one and one of dividends at the least. */
const SPLIT_PAGES = 1
const LEAST_PAGES = SPLIT_PAGES + 1
/** What the two lists hold. */
const LISTED = ['split', 'stock_dividend', 'cash_dividend', 'other'] as const
/** All spellings go into one address, which servers refuse beyond some 8,000 bytes. */
const TICKER_BYTES = 6_000

/**
 * The symbols wanted on the head's day and then those of other days, as many as a call may name, and all their wanted days that keep the dividends
 * within the pages of a plan. One that was listed later is named from the start: a list of its own would cost as much as that of all.
 */
export function planActions(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, dataset } = terms
  const limit = Math.min(shape.rowsPerPage, MOST_ROWS)
  const column = columnOf(head, others, terms)
  const pagesOf = (from: Dt, to: Dt): number => {
    const years = (dayNumber(to) - dayNumber(from) + 1) / DAYS_A_YEAR
    return Math.max(1, Math.ceil((column.size * years * DIVIDENDS_A_YEAR) / limit))
  }
  const named = uniqueOf(head, others, (want) => column.has(want.symbol))
  const [first, to] = widestWindow(
    head.dt,
    named.map((want) => want.dt),
    (one, other) => SPLIT_PAGES + pagesOf(one, other) <= Math.max(LEAST_PAGES, shape.pagesPerPlan),
  )
  const wants = named.filter((want) => want.dt >= first && want.dt <= to)
  const isShared = terms.backlog !== undefined && !terms.tickerEvents
  const symbols = isShared ? column : new Set(wants.map((want) => want.symbol))
  const from = firstEffective(calendarOf('xnys'), first)
  const sorted = [...symbols].sort()
  const tickers = new Set(sorted.flatMap((symbol) => tickersWithin(terms, symbol, from, to).map(vendorTicker)))
  const pages = pagesOf(first, to)
  const request: ActionsRequest = {
    kind: 'actions',
    symbols: sorted,
    tickers: [...tickers].sort(),
    from,
    to,
    limit,
    pages,
    tickerEvents: terms.tickerEvents,
  }
  return {
    vendor: VENDOR,
    dataset,
    wants,
    expectedCalls: SPLIT_PAGES + pages + (terms.tickerEvents ? symbols.size : 0),
    request,
    feed: shape.feed,
    isResumable: true,
    // Names are not asked of every symbol, and not by every configuration.
    speaksFor: { kinds: LISTED },
    ...(isShared ? { covers: { symbols: sorted, from: first, to } } : {}),
  }
}

/** The head's symbol, by name those wanted on its day, then the others day by day, as far as one call and one address may name them. */
function columnOf(head: Want, others: readonly Want[], terms: PlanTerms): Set<string> {
  const neighbours = others.filter((want) => want.dt === head.dt).map((want) => want.symbol)
  const later = [...others.map((want) => want.symbol), ...(terms.tickerEvents ? [] : (terms.backlog ?? []))]
  const column = new Set<string>()
  const vendorTickers = new Set<string>()
  let bytes = 0
  for (const symbol of new Set([head.symbol, ...neighbours.sort(), ...later])) {
    // Rows come back under the spelling: a second symbol of the same spelling could not be told apart.
    if (vendorTickers.has(vendorTicker(symbol))) continue
    // A comma is percent-encoded in a query.
    for (const ticker of tickersOf(terms, symbol)) bytes += vendorTicker(ticker).length + 3
    if (column.size > 0 && (column.size >= terms.shape.symbolsPerCall || bytes > TICKER_BYTES)) break
    column.add(symbol)
    vendorTickers.add(vendorTicker(symbol))
  }
  return column
}

/** The tickers a symbol had on the days of a range, oldest first; the one of its first day at the least. */
function tickersWithin(terms: PlanTerms, symbol: string, from: Dt, to: Dt): string[] {
  const tickers: string[] = []
  let dt = from
  while (dt <= to) {
    tickers.push(tickerOn(terms, symbol, dt))
    const until = tickerUntil(terms, symbol, dt)
    if (until === null || until < dt || tickers.at(-1) === symbol) break
    dt = addDays(until, 1)
  }
  return tickers
}
