/** Reads what Massive answers: pages of aggregates and of other lists, and the table of its errors. */
import { instantOf, newYorkDt } from '../../_calendar/zone.ts'
import type { Dt } from '../../_market/dt.ts'
import { type BarRow, instantOfNumber, readBar } from '../bar-row.ts'
import { jsonOf, readJson } from '../read-json.ts'
import { type HttpAnswer, VendorError } from '../vendor.ts'
import { type AggsPage, ErrorBody, ListPage, AggsPage as Page } from './wire.ts'

export const VENDOR = 'massive'
export const API_KEY = 'MASSIVE_API_KEY'

/** Rows of one page, unread, and where the next page is. */
export interface PageRows {
  rows: unknown[]
  nextUrl: string | null
}

/**
 * One page of aggregates. `ticker` is what was asked for as the vendor spells it, null for the whole market. `malformed` where the answer is about
 * something else than asked, `unavailable` where it counts results that it does not hold (seen under load).
 */
export function readAggs(answer: HttpAnswer, ticker: string | null): PageRows | VendorError {
  const page = readJson(answer, Page, VENDOR)
  if (page instanceof VendorError) return page
  const rows = page.results ?? []
  const doubt = doubtOfAggs(page, rows.length, ticker)
  return doubt === null ? { rows, nextUrl: nextUrlOf(page) } : doubtful(answer, doubt)
}

/** One page of any other list; refused for the same reasons. */
export function readListPage(answer: HttpAnswer): PageRows | VendorError {
  const page = readJson(answer, ListPage, VENDOR)
  if (page instanceof VendorError) return page
  const rows = page.results ?? []
  const doubt = doubtOf(page.status, rows.length, page.count ?? 0)
  return doubt === null ? { rows, nextUrl: nextUrlOf(page) } : doubtful(answer, doubt)
}

const nextUrlOf = ({ next_url }: { next_url?: string | null | undefined }): string | null =>
  next_url == null || next_url === '' ? null : next_url

type Doubt = Pick<VendorError, 'fault'> & { what: string }

const doubtful = ({ status, body }: HttpAnswer, { fault, what }: Doubt): VendorError =>
  new VendorError(VENDOR, fault, `${VENDOR} answered 200 but ${what}`, { status, sample: body.slice(0, 500) })

function doubtOf(status: string, rows: number, counted: number): Doubt | null {
  if (status !== 'OK' && status !== 'DELAYED') {
    return { fault: 'malformed', what: `with status ${status.slice(0, 40)}; expected OK or DELAYED` }
  }
  if (rows === 0 && counted > 0) return { fault: 'unavailable', what: `without the ${counted} results it counts` }
  return null
}

function doubtOfAggs(page: AggsPage, rows: number, ticker: string | null): Doubt | null {
  const doubt = doubtOf(page.status, rows, page.resultsCount)
  if (doubt !== null) return doubt
  if (ticker !== null && page.ticker !== undefined && page.ticker !== ticker) {
    return { fault: 'malformed', what: `about ${page.ticker.slice(0, 20)}; expected ${ticker}` }
  }
  if (rows > 0 && page.adjusted === true) {
    return { fault: 'malformed', what: 'split-adjusted; expected prices as traded' }
  }
  return null
}

/** A row of a range: its stamp is the start of the bar. */
export const readRangeRow = (row: unknown): BarRow => readBar(row, instantOfNumber)

/**
 * A row of the grouped answer for `dt`. Its stamp is the END of the window (16:00 New York, or midnight), so the day comes
 * from what was asked, and the row is given the start that daily bars of all vendors carry. A stamp of another day is an issue.
 */
export function readGroupedRow(row: unknown, dt: Dt): BarRow {
  const read = readBar(row, instantOfNumber)
  const start = instantOf(dt, '00:00')
  if (read.ts === null || read.bar === null) {
    return { ts: start, bar: null, issue: read.bar === null ? read.issue : 't: expected the instant of the bar' }
  }
  if (newYorkDt(read.ts) !== dt && newYorkDt(read.ts - 1) !== dt) {
    return { ts: start, bar: null, issue: `t: expected an instant of ${dt}, got one of ${newYorkDt(read.ts)}` }
  }
  return { ts: start, bar: { ...read.bar, ts: start } }
}

/** The fault of a non-2xx answer, by status and by the texts of the plan's walls. */
export function classify(answer: HttpAnswer): VendorError {
  const { status } = answer
  const body = ErrorBody.safeParse(jsonOf(answer.body))
  const text = (body.success ? (body.data.error ?? body.data.message) : undefined)?.slice(0, 300) ?? 'no message'
  const fail = (fault: VendorError['fault'], what: string, refusesKey = false): VendorError =>
    new VendorError(VENDOR, fault, `${status} (${text}): ${what}`, { status, refusesKey })

  if (status === 401) return fail('not_entitled', `the key was refused, check ${API_KEY}`, true)
  if (status === 403 && /doesn.t include this data timeframe/i.test(text)) {
    return fail('before_history', "older than the plan's history")
  }
  if (status === 403 && /before end of day/i.test(text))
    return fail('too_recent', 'the plan has the day only after its end')
  if (status === 403) return fail('not_entitled', 'the plan does not include this data')
  if (status === 404 && body.success && body.data.status === 'NOT_FOUND') return fail('not_entitled', UNKNOWN_TICKER)
  if (status === 429) return fail('rate_limited', 'over the calls per minute of the plan')
  if (status >= 500 || status === 408 || status === 499) return fail('unavailable', 'the vendor is in trouble')
  return fail('malformed', 'the vendor does not accept the request as we wrote it')
}

const UNKNOWN_TICKER = 'the vendor knows no such ticker'

/** Whether an error only says that the ticker is unknown: no fault of the plan as a whole. */
export const isUnknownTicker = (error: VendorError): boolean =>
  error.status === 404 && error.message.includes(UNKNOWN_TICKER)
