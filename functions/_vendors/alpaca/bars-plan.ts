/** Chooses the rectangle of symbols by days that answers the most open cells per page of Alpaca's stock bars. */
import { MOST_MINUTES } from '../../_calendar/calendar.ts'
import { newYorkDt } from '../../_calendar/zone.ts'
import { type Dt, minDt } from '../../_market/dt.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { eligibleWants, symbolBatch } from './batch-symbols.ts'
import { VENDOR } from './parse.ts'
import { BARS_PATH, type StocksRequest, TIMEFRAMES } from './request.ts'
import { vendorTicker } from './ticker-format.ts'
import {
  chooseWindow,
  endOf,
  MINUTE_MS,
  NEARLY,
  RECENCY_MS,
  rfc3339,
  startOf,
  type Window,
  type WindowTerms,
} from './window.ts'

/** Rows a cell is counted as where nobody knows better; a liquid name has 390 regular minutes and some outside the session. */
const USUAL_ROWS = { day: 1, minute: 400 } as const
/** How full a plan of minutes makes its pages: symbols have some more or some fewer than lately, and what is beyond is asked for again. */
const FILLED = 0.99

/**
 * The rectangle for `head`: symbols wanted on its day (head first, then by name), and as many later days as fit into
 * `rowsPerPage * pagesPerPlan` rows; of all such rectangles the widest that brings nearly as many wanted cells a page as any. Only symbols
 * that need the same `asof` ride together. Only a head that is too large on its own exceeds the limits.
 */
export function planBars(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, now, settledUntil, timeframe } = terms
  if (timeframe === null) throw new Error(`expected a timeframe for ${terms.dataset} at ${VENDOR}, got none`)
  const stop = stopOf(timeframe, terms)
  const share = stop.stopsAfter === undefined ? 1 : FILLED
  const limits = { rowsPerPage: Math.max(1, Math.floor(shape.rowsPerPage * share)), mostPages: shape.pagesPerPlan }
  const asof = asofOf(head.symbol, terms)
  const eligible = eligibleWants(head, others).filter((want) => asofOf(want.symbol, terms) === asof)
  const column = symbolBatch(head, eligible, {
    path: BARS_PATH,
    tickersPerCall: shape.symbolsPerCall,
    tickersOf: (symbol) => [symbol],
    mostRows: limits.rowsPerPage * limits.mostPages,
    rowsOf: rowsOf(timeframe),
  })
  const mean = column.reduce((sum, want) => sum + rowsOf(timeframe)(want), 0) / column.length
  const { symbols, wants, to, rows } = rectangleOf(head, column, eligible, mean, {
    ...limits,
    recentRowCounts: USUAL_ROWS[timeframe],
  })
  const request: StocksRequest = {
    kind: 'stocks',
    symbols: symbols.sort((a, b) => (vendorTicker(a) < vendorTicker(b) ? -1 : 1)),
    timeframe: TIMEFRAMES[timeframe],
    from: head.dt,
    to,
    start: rfc3339(startOf(head.dt)),
    end: rfc3339(Math.min(endOf(to), settledUntil === null ? now - RECENCY_MS : settledUntil - MINUTE_MS)),
    asof,
    adjustment: 'raw',
    feed: shape.feed,
    limit: shape.rowsPerPage,
    sort: 'asc',
  }
  return {
    vendor: VENDOR,
    dataset: terms.dataset,
    wants,
    expectedCalls: Math.max(1, Math.ceil(rows / shape.rowsPerPage)),
    request,
    feed: shape.feed,
    ...stop,
  }
}

const rowsOf =
  (timeframe: 'day' | 'minute') =>
  ({ expectedRows }: Want): number =>
    expectedRows ?? USUAL_ROWS[timeframe]

type Limits = Omit<WindowTerms, 'width'>

interface Rectangle extends Window {
  symbols: string[]
  wants: Want[]
}

/** Days for which a narrower column is tried, so that so many of them fill the pages. */
const DAYS_TRIED = 12

/** Of the column all, or fewer symbols where whole days of all of them would leave much of a page empty. */
function rectangleOf(
  head: Want,
  column: readonly Want[],
  eligible: readonly Want[],
  rowsPerCell: number,
  limits: Limits,
): Rectangle {
  const cellsPerPage = limits.rowsPerPage / rowsPerCell
  let best: Rectangle | null = null
  for (const width of widthsOf(column.length, cellsPerPage * limits.mostPages)) {
    const symbols = column.slice(0, width).map(({ symbol }) => symbol)
    const chosen = new Set(symbols)
    const beside = eligible.filter((want) => chosen.has(want.symbol))
    const window = chooseWindow(head, beside, { ...limits, width })
    if (best === null || NEARLY * window.yields > best.yields) {
      best = { ...window, symbols, wants: beside.filter((want) => want.dt <= window.to) }
    }
    // What would be left out of a narrower one has nothing to ride with.
    if (best.yields >= NEARLY * cellsPerPage || best.wants.length === eligible.length) break
  }
  return best!
}

/** The widest first. */
function widthsOf(most: number, cells: number): number[] {
  const narrower = Array.from({ length: DAYS_TRIED }, (_, at) => Math.floor(cells / (at + 2)))
  return [most, ...new Set(narrower.filter((width) => width > 0 && width < most))]
}

/** Minutes before the open and after the close are many or few: a plan that is too large by some cells fills its last page. */
function stopOf(timeframe: 'day' | 'minute', { shape, settledUntil }: PlanTerms): Pick<CallPlan, 'stopsAfter'> {
  if (timeframe === 'day' || settledUntil !== null) return {}
  // Fewer would not hold the one cell that has to be answered for anything to be.
  return { stopsAfter: Math.max(shape.pagesPerPlan, Math.ceil((MOST_MINUTES + 1) / shape.rowsPerPage)) }
}

/**
 * The day on which the canonical ticker is certainly the company's: today while it is listed, else its last day. Alpaca then
 * serves the company's bars under all its names with the asked ticker as key (docs.alpaca.markets/reference/stockbars, asof).
 * Never later than today, and never left out: the default is today, when a delisted company's ticker may be somebody else's.
 */
function asofOf(symbol: string, { names, now }: PlanTerms): Dt {
  const today = newYorkDt(now)
  return minDt(names[symbol]?.until ?? today, today)
}
