/** Reads what Alpaca answers: pages of bars, and the table of its errors. */
import { type BarRow, instantOfText, readBar } from '../bar-row.ts'
import { jsonOf, readJson } from '../read-json.ts'
import { type HttpAnswer, VendorError } from '../vendor.ts'
import { BarsPage, ErrorBody } from './wire.ts'

export const VENDOR = 'alpaca'
export const KEY_ID = 'APCA_API_KEY_ID'
export const SECRET_KEY = 'APCA_API_SECRET_KEY'

export interface Page {
  bars: Map<string, BarRow[]>
  token: string | null
}

/** The token of the next page; an empty one is none. */
export const nextToken = (token: string | null | undefined): string | null => (token ? token : null)

/** One page of bars by symbol, or `malformed` when the envelope is not the documented one. */
export function readPage(answer: HttpAnswer): Page | VendorError {
  const page = readJson(answer, BarsPage, VENDOR)
  if (page instanceof VendorError) return page
  const bars = new Map<string, BarRow[]>()
  for (const [symbol, rows] of Object.entries(page.bars ?? {})) {
    bars.set(
      symbol,
      rows.map((row) => readBar(row, instantOfText)),
    )
  }
  return { bars, token: nextToken(page.next_page_token) }
}

/**
 * The fault of a non-2xx answer, of the data host and of the trading host alike. `retryAt` comes from X-RateLimit-Reset (unix
 * seconds), documented but rarely sent. The trading host says 403 `forbidden.` to a wrong key, and to one of the other kind of account (paper, live). 403 `OPRA agreement is not signed` stays `not_entitled`: users also meet it for the newest
 * minutes, but those are never asked for.
 */
export function classify(answer: HttpAnswer): VendorError {
  const { status } = answer
  const body = ErrorBody.safeParse(jsonOf(answer.body))
  const text = body.success ? body.data.message.slice(0, 300) : 'no message'
  const code = body.success && body.data.code !== undefined ? ` ${body.data.code}` : ''
  const fail = (fault: VendorError['fault'], what: string, retryAt: number | null = null): VendorError =>
    new VendorError(VENDOR, fault, `${status}${code} (${text}): ${what}`, { status, retryAt })

  if (status === 401 || (status === 403 && /^forbidden\.?$/i.test(text))) {
    const what = `${status}${code} (${text}): the key was refused, check ${KEY_ID} and ${SECRET_KEY}`
    return new VendorError(VENDOR, 'not_entitled', what, { status, refusesKey: true })
  }
  if (status === 403 && /recent SIP data/i.test(text)) return fail('too_recent', 'the plan has no data this young')
  if (status === 403) return fail('not_entitled', 'the plan or its agreements do not include this data')
  if (status === 429) return fail('rate_limited', 'over the calls per minute of the plan', resetAt(answer))
  if (status >= 500 || status === 408 || status === 425) return fail('unavailable', 'the vendor is in trouble')
  if (status === 404) return fail('malformed', 'the vendor has no such address; check its hosts in the configuration')
  return fail('malformed', 'the vendor does not accept the request as we wrote it')
}

function resetAt(answer: HttpAnswer): number | null {
  const reset = answer.headers['x-ratelimit-reset'] ?? ''
  return /^\d{1,12}$/.test(reset) ? Number(reset) * 1000 : null
}
