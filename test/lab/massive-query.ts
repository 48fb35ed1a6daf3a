/** Reads the paths of Massive's aggregates the way Massive does, and refuses in its words (client-js openapi.json; public issue threads). */
import { isDt } from '../../functions/_market/dt.ts'
import { hexOf, seedOf } from './chance.ts'
import { endOfDay, midnightOf, newYorkDt, yearsBefore } from './new-york.ts'
import type { Place, Span, Timeframe } from './paging.ts'
import { json, type Question, Refusal } from './reply.ts'

export interface AggsQuery {
  ticker: string
  span: Span
  limit: number
  adjusted: boolean
  after: Place | undefined
}

export const requestIdOf = (question: Question): string => hexOf(seedOf(0, 'massive', question.target))

export const refuse = (question: Question, status: number, error: string): Refusal =>
  new Refusal(json(status, { status: 'ERROR', request_id: requestIdOf(question), error }))

export const forbid = (question: Question, message: string): Refusal =>
  new Refusal(json(403, { status: 'NOT_AUTHORIZED', request_id: requestIdOf(question), message }))

const PRICING = 'Please upgrade your plan at https://massive.com/pricing'

/** The walls of the free plan: nothing of today, two rolling years. A range that straddles the older wall is cut without a word. */
export function applyWalls(question: Question, fromMs: number, toMs: number): number {
  const today = newYorkDt(question.now)
  if (newYorkDt(toMs) >= today)
    throw forbid(question, `Attempted to request today's data before end of day. ${PRICING}`)
  const wall = midnightOf(yearsBefore(today, 2))
  if (toMs < wall) throw forbid(question, `Your plan doesn't include this data timeframe. ${PRICING}`)
  return Math.max(fromMs, wall)
}

/** Days and milliseconds, both snapped outward to the borders of the bars they touch. */
function edgeOf(question: Question, name: 'from' | 'to', text: string, timeframe: Timeframe): number {
  const ms = /^\d{9,14}$/.test(text) ? Number(text) : Number.NaN
  if (isDt(text)) return name === 'from' ? midnightOf(text) : endOfDay(text)
  if (Number.isNaN(ms)) {
    throw refuse(question, 400, `Could not parse the time parameter: '${name}'. Use YYYY-MM-DD or Unix MS Timestamps`)
  }
  if (timeframe === 'day') return name === 'from' ? midnightOf(newYorkDt(ms)) : endOfDay(newYorkDt(ms))
  const minute = ms - (ms % 60_000)
  return name === 'from' ? minute : minute + 59_999
}

const TIMEFRAMES: Record<string, Timeframe> = { day: 'day', minute: 'minute' }

/** `parts` are ticker, multiplier, timespan, from and to of the path. Throws a Refusal with Massive's 400. */
export function readAggsQuery(question: Question, parts: string[]): AggsQuery {
  const [ticker = '', multiplier = '', timespan = '', from = '', to = ''] = parts
  const timeframe = TIMEFRAMES[timespan]
  if (!timeframe) throw refuse(question, 400, `This lab plays the timespans minute and day, not '${timespan}'`)
  if (multiplier !== '1') throw refuse(question, 400, `This lab plays the multiplier 1, not '${multiplier}'`)
  // A cursor carries every other parameter; what stands beside it in the query is ignored.
  const cursor = question.query.get('cursor')
  const query = cursor === null ? question.query : new URLSearchParams(Buffer.from(cursor, 'base64url').toString())
  const limit = Number(query.get('limit') ?? '5000')
  if (!Number.isInteger(limit) || limit < 1 || limit > 50_000) {
    throw refuse(question, 400, `The parameter 'limit' must be a number from 1 to 50000`)
  }
  const order = query.get('sort') ?? 'asc'
  if (order !== 'asc' && order !== 'desc') throw refuse(question, 400, `The parameter 'sort' must be asc or desc`)
  const span: Span = {
    timeframe,
    from: edgeOf(question, 'from', query.get('from') ?? from, timeframe),
    to: edgeOf(question, 'to', query.get('to') ?? to, timeframe),
    order,
    now: question.now,
  }
  if (span.to < span.from) throw refuse(question, 400, `The parameter 'to' cannot be a time that occurs before 'from'`)
  const ts = query.get('after')
  const index = query.get('index')
  const after = ts === null || index === null ? undefined : { ts: Number(ts), index: Number(index) }
  return { ticker, span, limit, adjusted: (query.get('adjusted') ?? 'true') !== 'false', after }
}

/**
 * The page behind `last`: `from` (descending: `to`) becomes the millisecond of the next bar, everything else travels in the
 * cursor. A disordered source needs the place itself, which goes into the cursor too.
 */
export function nextUrlOf(question: Question, parts: string[], asked: AggsQuery, last: Place, next: Place): string {
  const [ticker = '', multiplier, timespan, from = '', to = ''] = parts
  const cursor = new URLSearchParams()
  if (!asked.adjusted) cursor.set('adjusted', 'false')
  cursor.set('limit', String(asked.limit))
  cursor.set('sort', asked.span.order)
  if (last.index !== undefined || next.index !== undefined || asked.after) {
    cursor.set('from', String(asked.span.from))
    cursor.set('to', String(asked.span.to))
    cursor.set('after', String(last.ts))
    cursor.set('index', String(last.index ?? -1))
  }
  const range = asked.span.order === 'asc' ? `${next.ts}/${to}` : `${from}/${next.ts}`
  const path = `/v2/aggs/ticker/${encodeURIComponent(ticker)}/range/${multiplier}/${timespan}/${range}`
  return `${question.baseUrl}${path}?cursor=${Buffer.from(cursor.toString()).toString('base64url')}`
}
