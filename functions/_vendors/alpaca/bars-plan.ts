/** Chooses the rectangle of symbols by days that answers the most open cells per page of Alpaca's stock bars. */
import { newYorkDt } from '../../_calendar/zone.ts'
import { type Dt, minDt } from '../../_market/dt.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { VENDOR } from './parse.ts'
import { BARS_PATH, type StocksRequest, TIMEFRAMES } from './request.ts'
import { columnOf, ridersOf } from './riding.ts'
import { spell } from './spelling.ts'
import { endOf, extend, MINUTE_MS, RECENCY_MS, rfc3339, startOf } from './window.ts'

/** Rows a cell is counted as where nobody knows better; a liquid name has 390 regular minutes and some outside the session. */
const USUAL_ROWS = { day: 1, minute: 400 } as const
/** From 04:00 to 20:00. */
const MOST_MINUTES = 960

/**
 * The rectangle for `head`: the symbols wanted on its day (head first, then by name), then as many later days as fit into
 * `rowsPerPage * pagesPerPlan` rows. Only symbols that need the same `asof` ride together. Only a head that is too large on
 * its own exceeds the limits.
 */
export function planBars(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, now, settledUntil, timeframe } = terms
  if (timeframe === null) throw new Error(`expected a timeframe for ${terms.dataset} at ${VENDOR}, got none`)
  const usualRows = USUAL_ROWS[timeframe]
  const mostRows = shape.rowsPerPage * shape.pagesPerPlan
  const asof = asofOf(head.symbol, terms)
  const riders = ridersOf(head, others).filter((want) => asofOf(want.symbol, terms) === asof)
  const column = columnOf(head, riders, {
    path: BARS_PATH,
    tickersPerCall: shape.symbolsPerCall,
    tickersOf: (symbol) => [symbol],
    mostRows,
    rowsOf: (want) => want.expectedRows ?? usualRows,
  })
  const symbols = new Set(column.map((want) => want.symbol))
  const beside = riders.filter((want) => symbols.has(want.symbol))
  const { to, rows } = extend(head, beside, { width: symbols.size, usualRows, mostRows })
  const request: StocksRequest = {
    kind: 'stocks',
    symbols: [...symbols].sort((a, b) => (spell(a) < spell(b) ? -1 : 1)),
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
    wants: beside.filter((want) => want.dt <= to),
    expectedCalls: Math.max(1, Math.ceil(rows / shape.rowsPerPage)),
    request,
    feed: shape.feed,
    ...stopOf(timeframe, terms),
  }
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
