/** Chooses the rectangle of symbols by days that answers the most open cells per page of Alpaca's stock bars. */
import { instantOf } from '../../_calendar/zone.ts'
import { cellKey } from '../../_market/cell.ts'
import { addDays, type Dt, weekday } from '../../_market/dt.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { weekdaysBetween } from '../weekdays.ts'
import { VENDOR } from './parse.ts'
import { type AlpacaRequest, PATH } from './wire.ts'

const MINUTE_MS = 60_000
/** The free plan refuses a request whose end lies in the newest 15 minutes, whole; one more for clocks that differ. */
export const RECENCY_MS = 16 * MINUTE_MS
const URL_BYTES = 8_000
/** Host, page token and the parameters beside the symbols, generously. */
const URL_REST_BYTES = 700
/**
 * Below one wanted cell in two, most of what a page carries is thrown away, and the far wants are better served by a
 * rectangle of their own; above it, one call with waste is still cheaper than two without.
 */
const LEAST_WANTED_SHARE = 0.5

/** Rows a cell is counted as where nobody knows better; a liquid name has 390 regular minutes and some outside the session. */
const defaultRows = (terms: PlanTerms): number => (terms.dataset === 'equities_bars' ? 1 : 400)

/**
 * The rectangle for `head`: the symbols wanted on its day (head first, then by name), then as many later days as fit into
 * `rowsPerPage * pagesPerPlan` rows. Every (symbol, weekday) of the rectangle counts, wanted or not: the vendor serves them
 * all. Only a head that is too large on its own exceeds the limits.
 */
export function plan(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, now } = terms
  const wants = uniqueFrom(head, others)
  const column = columnOf(head, wants, terms)
  const symbols = new Set(column.map((want) => want.symbol))
  const { to, rows } = extend(
    head,
    wants.filter((want) => symbols.has(want.symbol)),
    symbols.size,
    terms,
  )
  const from = head.dt
  const request: AlpacaRequest = {
    symbols: [...symbols].sort(),
    timeframe: terms.dataset === 'equities_bars' ? '1Day' : '1Min',
    from,
    to,
    start: rfc3339(instantOf(from, '00:00')),
    // Both ends are inclusive: without the minute the next day's first bar would come along.
    end: rfc3339(Math.min(instantOf(addDays(to, 1), '00:00') - MINUTE_MS, now - RECENCY_MS)),
    adjustment: 'raw',
    feed: shape.feed,
    limit: shape.rowsPerPage,
    sort: 'asc',
  }
  return {
    vendor: VENDOR,
    dataset: terms.dataset,
    wants: wants.filter((want) => symbols.has(want.symbol) && want.dt <= to),
    expectedCalls: Math.max(1, Math.ceil(rows / shape.rowsPerPage)),
    request,
    feed: shape.feed,
  }
}

/** The head and every want from its day on, each once, head first, otherwise in the order given. */
function uniqueFrom(head: Want, others: readonly Want[]): Want[] {
  const seen = new Set([cellKey(head.symbol, head.dt)])
  const wants = [head]
  for (const want of others) {
    const key = cellKey(want.symbol, want.dt)
    if (want.dt < head.dt || seen.has(key)) continue
    seen.add(key)
    wants.push(want)
  }
  return wants
}

/** The wants of the head's own day that fit side by side. */
function columnOf(head: Want, wants: readonly Want[], terms: PlanTerms): Want[] {
  const { shape } = terms
  const neighbours = wants.filter((want) => want.dt === head.dt && want.symbol !== head.symbol)
  neighbours.sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  const column = [head]
  let rows = rowsOf(head, terms)
  let bytes = URL_REST_BYTES + PATH.length + inUrl(head.symbol)
  for (const want of neighbours) {
    rows += rowsOf(want, terms)
    bytes += inUrl(want.symbol)
    if (column.length === shape.symbolsPerCall || rows > capacityOf(terms) || bytes > URL_BYTES) break
    column.push(want)
  }
  return column
}

/** The last day to ask for, and the rows to expect then. `wants` are those of the chosen symbols, from the head's day on. */
function extend(head: Want, wants: readonly Want[], width: number, terms: PlanTerms): { to: Dt; rows: number } {
  const usual = defaultRows(terms)
  const days = [...byDay(wants)].sort(([a], [b]) => (a < b ? -1 : 1))
  let wanted = 0
  let beyondUsual = 0
  let best = { to: head.dt, rows: 0 }
  for (const [dt, ofDay] of days) {
    wanted += ofDay.length
    // A weekend is no weekday, so a want there (asked for by hand) is not among the usual cells.
    for (const want of ofDay) beyondUsual += rowsOf(want, terms) - (weekday(dt) % 6 === 0 ? 0 : usual)
    const cells = weekdaysBetween(head.dt, dt) * width
    const rows = cells * usual + beyondUsual
    if (dt === head.dt) {
      best = { to: dt, rows }
      continue
    }
    if (rows > capacityOf(terms)) break
    // A poor day may be followed by rich ones, so the search goes on to the end of the capacity.
    if (wanted >= LEAST_WANTED_SHARE * cells) best = { to: dt, rows }
  }
  return best
}

function byDay(wants: readonly Want[]): Map<Dt, Want[]> {
  const days = new Map<Dt, Want[]>()
  for (const want of wants) {
    const day = days.get(want.dt)
    if (day === undefined) days.set(want.dt, [want])
    else day.push(want)
  }
  return days
}

const rowsOf = (want: Want, terms: PlanTerms): number => want.expectedRows ?? defaultRows(terms)
const capacityOf = ({ shape }: PlanTerms): number => shape.rowsPerPage * shape.pagesPerPlan
/** A comma is percent-encoded in a query. */
const inUrl = (symbol: string): number => encodeURIComponent(symbol).length + 3
const rfc3339 = (instant: number): string => `${new Date(instant).toISOString().slice(0, 19)}Z`
