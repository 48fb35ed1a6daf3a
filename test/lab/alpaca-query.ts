/** Reads the queries of Alpaca's bars the way Alpaca does, and refuses in its words (market data API, OpenAPI 1.1; measured 2026-09). */
import { isDt } from '../../functions/_market/dt.ts'
import { endOfDay, midnightOf, newYorkDt } from './new-york.ts'
import type { Place, Span, Timeframe } from './paging.ts'
import { JSON_TYPE, Refusal, reply } from './reply.ts'

export const RECENT_WALL_MS = 15 * 60_000

export interface BarsQuery {
  /** Upper-case tickers, each once, in the order Alpaca serves them. */
  symbols: string[]
  span: Span
  limit: number
  feed: 'sip' | 'iex'
  adjustment: 'raw' | 'split'
  /** The day as of which symbols are mapped to companies; null for the tickers as they are written. */
  asof: string | null
  after: { symbol: string; place: Place } | undefined
}

export const refuse = (status: number, message: string): Refusal =>
  new Refusal(reply(status, JSON_TYPE, JSON.stringify({ message })))

const TIMEFRAMES: Record<string, Timeframe> = { '1Day': 'day', '1D': 'day', '1Min': 'minute', '1T': 'minute' }
const RFC3339 = /^(\d{4}-\d{2}-\d{2})T\d{2}:\d{2}:\d{2}(?:\.(\d{1,9}))?(Z|[+-]\d{2}:\d{2})$/

/** A stamp or a day; a day means all of it, so its end is its last millisecond. `roundUp`: a bar starts on the millisecond or later. */
function instantOfParam(name: string, text: string, edge: 'start' | 'end'): number {
  if (isDt(text)) return edge === 'start' ? midnightOf(text) : endOfDay(text)
  const match = RFC3339.exec(text)
  const ms = match ? Date.parse(`${text.slice(0, 19)}${match[3]}`) : Number.NaN
  if (Number.isNaN(ms)) {
    throw refuse(
      400,
      `Invalid format for parameter ${name}: error parsing '${text}' as RFC3339 or 2006-01-02 time: cannot parse`,
    )
  }
  const fraction = Number((match?.[2] ?? '').padEnd(9, '0')) / 1_000_000
  return ms + (edge === 'start' ? Math.ceil(fraction) : Math.floor(fraction))
}

const RES: Record<Timeframe, string> = { day: 'D', minute: 'M' }
// In descending order the token counts down from this number of nanoseconds (read off a recorded token).
const DESC_ORIGIN = 9_223_372_036_000_000_000n

/** `SYM|D|ns` in base64. Where the stamp alone is no place, the index follows: opaque to every client. */
export function tokenOf(symbol: string, span: Span, place: Place): string {
  const ns = BigInt(place.ts) * 1_000_000n
  const parts = [symbol, RES[span.timeframe], span.order === 'asc' ? ns : DESC_ORIGIN - ns]
  if (place.index !== undefined) parts.push(String(place.index))
  return Buffer.from(parts.join('|')).toString('base64')
}

function placeOf(token: string, symbols: string[], span: Span): { symbol: string; place: Place } {
  const match = /^([^|]+)\|([DM])\|(\d+)(?:\|(\d+))?$/.exec(Buffer.from(token, 'base64').toString())
  const [, symbol = '', res, pos = '0', index] = match ?? []
  if (!match || res !== RES[span.timeframe] || !symbols.includes(symbol)) throw refuse(400, 'invalid page_token')
  const ns = span.order === 'asc' ? BigInt(pos) : DESC_ORIGIN - BigInt(pos)
  const ts = Number(ns / 1_000_000n)
  return { symbol, place: index === undefined ? { ts } : { ts, index: Number(index) } }
}

export const oneOf = <T extends string>(name: string, text: string, allowed: readonly T[]): T => {
  const found = allowed.find((value) => value === text)
  if (found === undefined) throw refuse(400, `invalid ${name}: ${text}`)
  return found
}

/**
 * Throws a Refusal with Alpaca's 400 for whatever does not fit. `isTicker` says whether a symbol is well-formed; the first that
 * is not poisons the whole batch.
 */
export function readBarsQuery(
  query: URLSearchParams,
  pathSymbol: string | undefined,
  now: number,
  isTicker: (symbol: string) => boolean,
): BarsQuery {
  const symbols = symbolsOf(pathSymbol ?? query.get('symbols'), isTicker)
  const asof = query.get('asof')
  if (asof !== null && asof !== '-' && !isDt(asof)) throw refuse(400, `invalid asof: ${asof}`)
  const adjustment = query.get('adjustment') ?? 'raw'
  if (adjustment !== 'raw' && adjustment !== 'split') {
    throw refuse(400, `invalid adjustment: ${adjustment} (this lab plays raw and split)`)
  }
  const feed = query.get('feed') ?? 'sip'
  if (feed === 'otc' || feed === 'boats') throw refuse(403, `subscription does not permit querying ${feed} data`)
  return {
    ...readRange(query, symbols, now),
    feed: oneOf('feed', feed, ['sip', 'iex']),
    adjustment,
    asof: asof === '-' ? null : (asof ?? newYorkDt(now)),
  }
}

/** OCC symbols without padding: root, expiry, right, and the strike in thousandths. */
const OCC = /^[A-Z]{1,5}\d?\d{6}[CP]\d{8}$/
const MOST_CONTRACTS = 100

/** Option bars have no feed, no adjustment and no asof. */
export function readOptionBarsQuery(query: URLSearchParams, now: number): BarsQuery {
  const symbols = symbolsOf(query.get('symbols'), (symbol) => OCC.test(symbol))
  if (symbols.length > MOST_CONTRACTS) {
    throw refuse(400, `too many symbols: ${symbols.length} (at most ${MOST_CONTRACTS})`)
  }
  return { ...readRange(query, symbols, now), feed: 'sip', adjustment: 'raw', asof: null }
}

function symbolsOf(text: string | null, isWellFormed: (symbol: string) => boolean): string[] {
  const named = (text ?? '').split(',').filter((symbol) => symbol !== '')
  if (named.length === 0) throw refuse(400, 'symbols parameter is required')
  const poison = named.find((symbol) => !isWellFormed(symbol))
  if (poison !== undefined) throw refuse(400, `invalid symbol: ${poison}`)
  return [...new Set(named)].sort()
}

/** A whole number between 1 and `most`. */
export function limitOf(query: URLSearchParams, otherwise: number, most: number): number {
  const text = query.get('limit') ?? String(otherwise)
  const limit = Number(text)
  if (!/^\d+$/.test(text) || limit < 1 || limit > most) throw refuse(400, `invalid limit: ${text} (1 to ${most})`)
  return limit
}

export const orderOf = (query: URLSearchParams): 'asc' | 'desc' =>
  oneOf('sort', query.get('sort') ?? 'asc', ['asc', 'desc'])

function readRange(
  query: URLSearchParams,
  symbols: string[],
  now: number,
): Omit<BarsQuery, 'feed' | 'adjustment' | 'asof'> {
  const frame = query.get('timeframe')
  if (!frame) throw refuse(400, 'timeframe parameter is required')
  const timeframe = TIMEFRAMES[frame]
  if (!timeframe) throw refuse(400, `invalid timeframe: ${frame}`)
  const limit = limitOf(query, 1_000, 10_000)
  const startText = query.get('start')
  const endText = query.get('end')
  const span: Span = {
    timeframe,
    from: startText === null ? midnightOf(newYorkDt(now)) : instantOfParam('start', startText, 'start'),
    to: endText === null ? now - RECENT_WALL_MS : instantOfParam('end', endText, 'end'),
    order: orderOf(query),
    now,
  }
  if (span.to < span.from && endText !== null) throw refuse(400, 'end should not be before start')
  const token = query.get('page_token')
  return { symbols, span, limit, after: token === null ? undefined : placeOf(token, symbols, span) }
}
