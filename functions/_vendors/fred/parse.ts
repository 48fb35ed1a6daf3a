/** Reads what FRED answers: pages of observations, and the table of its errors. */
import { isDt } from '../../_market/dt.ts'
import type { Yield } from '../../_market/row.ts'
import { firstIssue, jsonOf, readJson, sampleOf } from '../read-json.ts'
import { type HttpAnswer, VendorError } from '../vendor.ts'
import { ErrorBody, Observation, ObservationsPage } from './wire.ts'

export const VENDOR = 'fred'
export const API_KEY = 'FRED_API_KEY'

/** `dt` is null when the date of the row could not be read, `row` when anything could not; then `issue` says what. */
export type YieldRow = { dt: string; row: Yield } | { dt: string | null; row: null; issue: string; sample: string }

export const readPage = (answer: HttpAnswer): ObservationsPage | VendorError =>
  readJson(answer, ObservationsPage, VENDOR)

/** One observation of a series. The value is a text on the wire and is taken only when it is a plain decimal. */
export function readYield(raw: unknown, series: string): YieldRow {
  const parsed = Observation.safeParse(raw)
  if (parsed.success && isDt(parsed.data.date)) {
    const { date, value, realtime_start } = parsed.data
    return { dt: date, row: { series, value: value === '.' ? null : Number(value), realtime_start } }
  }
  const date = Observation.pick({ date: true }).safeParse(raw)
  const dt = date.success && isDt(date.data.date) ? date.data.date : null
  const issue = parsed.success ? 'date: expected a day as YYYY-MM-DD' : firstIssue(parsed.error)
  return { dt, row: null, issue, sample: sampleOf(raw) }
}

/** The fault of a non-2xx answer. FRED says 400 to a bad key and to an unknown series, so the text decides. */
export function classify(answer: HttpAnswer): VendorError {
  const { status } = answer
  const body = ErrorBody.safeParse(jsonOf(answer.body))
  const text = body.success ? body.data.error_message.slice(0, 300) : 'no message'
  const fail = (fault: VendorError['fault'], what: string, refusesKey = false): VendorError =>
    new VendorError(VENDOR, fault, `${status} (${text}): ${what}`, { status, refusesKey })

  if (status === 429) return fail('rate_limited', 'over 120 calls per minute')
  if (status >= 500 || status === 408) return fail('unavailable', 'the vendor is in trouble')
  if (status === 401 || status === 403 || (status === 400 && /variable api_key/i.test(text))) {
    return fail('not_entitled', `the key was refused, check ${API_KEY}`, true)
  }
  if (status === 400 && /series does not exist/i.test(text)) return fail('not_entitled', UNKNOWN_SERIES)
  if (status === 400 && /there are \d+ vintage dates/i.test(text)) return fail('malformed', TOO_MANY_VINTAGES)
  return fail('malformed', 'the vendor does not accept the request as we wrote it')
}

const UNKNOWN_SERIES = 'the vendor knows no such series, or none of its vintages in that time'
const TOO_MANY_VINTAGES = 'one answer may not cover that many vintage dates'

/**
 * Whether an error only says that a series is unknown, which is not a matter of the other series of its group. The vendor says the
 * same ("does not exist in ALFRED") of a window that ends before its archive of the series begins.
 */
export const isUnknownSeries = (error: VendorError): boolean =>
  error.status === 400 && error.message.endsWith(UNKNOWN_SERIES)

/** Whether an error says that a narrower real-time window would have been answered. */
export const hasTooManyVintages = (error: VendorError): boolean =>
  error.status === 400 && error.message.endsWith(TOO_MANY_VINTAGES)
