/** When a vendor says "come back later": reads every form of Retry-After, and bounds what is believed. */

const LONGEST_MS = 24 * 3_600_000
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/

/**
 * The instant (epoch ms) named by a Retry-After header: seconds or an HTTP date (RFC 9110, 10.2.3), at most 24 h ahead.
 * Null for a missing, negative, past or unreadable value.
 */
export function retryAtOf(header: string | undefined, now: number): number | null {
  const text = header?.trim() ?? ''
  if (/^\d+(\.\d+)?$/.test(text)) return boundRetryAt(now + Number(text) * 1000, now)
  if (HTTP_DATE.test(text)) return boundRetryAt(Date.parse(text), now)
  return null
}

/** An instant to come back at, never more than 24 h ahead; null when it is no instant or already past. */
export function boundRetryAt(at: number | null, now: number): number | null {
  if (at === null || Number.isNaN(at) || at < now) return null
  return Math.ceil(Math.min(at, now + LONGEST_MS))
}
