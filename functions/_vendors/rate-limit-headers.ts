/** What the headers of an answer say about the calls that are left: Retry-After and X-RateLimit-*, with bounds on what is believed. */
import { retryAtOf } from './retry-after.ts'

export interface RateLimitHeaders {
  /** Nothing may be sent before, epoch ms; null where the vendor does not mind. */
  pausedUntil: number | null
  /** Calls left in the vendor's window; null where it does not say. */
  remaining: number | null
  /** When that window begins anew, epoch ms; null where it does not say, or nothing we could believe. */
  resetAt: number | null
}

/** A vendor that gives no instant, or none to be believed, is left alone so long. */
const USUAL_PAUSE_MS = 60_000
/** `Retry-After: 0` on a 429 must not make us ask as fast as we can. */
const SHORTEST_PAUSE_MS = 5_000
/** Windows are minutes: a reset further ahead is another unit, or another clock. */
const LONGEST_WINDOW_MS = 3_600_000

/** Null when the answer says nothing about it. Header names are lower case. */
export function rateLimitHeadersOf(
  status: number,
  headers: Record<string, string>,
  now: number,
): RateLimitHeaders | null {
  const remaining = countOf(headers['x-ratelimit-remaining'])
  const resetAt = resetOf(headers['x-ratelimit-reset'], now)
  const retryAt = status === 429 || status === 503 ? retryAtOf(headers['retry-after'], now) : null
  const pausedUntil =
    status === 429
      ? Math.max(now + SHORTEST_PAUSE_MS, retryAt ?? resetAt ?? now + USUAL_PAUSE_MS)
      : (retryAt ?? (remaining === 0 ? (resetAt ?? now + USUAL_PAUSE_MS) : null))
  return pausedUntil === null && remaining === null ? null : { pausedUntil, remaining, resetAt }
}

/** A whole number that is not negative; of anything else nothing is believed. */
const countOf = (text: string | undefined): number | null =>
  /^\d{1,9}$/.test(text?.trim() ?? '') ? Number(text) : null

/** Unix seconds. */
function resetOf(text: string | undefined, now: number): number | null {
  if (!/^\d{1,12}(\.\d{1,9})?$/.test(text?.trim() ?? '')) return null
  const at = Math.ceil(Number(text) * 1000)
  return at > now && at <= now + LONGEST_WINDOW_MS ? at : null
}
