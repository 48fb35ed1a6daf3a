/** An account's calls: taken before a request leaves, never given back, and fewer as soon as the vendor says so. */
import { pauseUntil, reduceRemaining } from '../../db/budgets/apply-rate-limit.ts'
import { nextCallAt, takeCalls } from '../../db/budgets/take-calls.ts'
import type { Db } from '../../db/client.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import type { Lane, VendorConnection } from '../_catalog/context.ts'
import type { Clock } from '../_http/node.ts'
import type { Acquire, Host } from '../_vendors/http.ts'
import type { RateLimitHeaders } from '../_vendors/rate-limit-headers.ts'

const WINDOW_MS = 60_000
const DAY_MS = 86_400_000

/** When this process sent its calls, by a clock that nobody can set: the database's own count goes by one that may jump. */
export interface LocalWindow {
  note(account: string): void
  /** Calls of the last 60 seconds. */
  inLastMinute(account: string): number
}

export function localWindow(elapsed: () => number): LocalWindow {
  const stamps = new Map<string, number[]>()
  return {
    note(account) {
      const known = stamps.get(account)
      if (known) known.push(elapsed())
      else stamps.set(account, [elapsed()])
    },
    inLastMinute(account) {
      const since = elapsed() - WINDOW_MS
      const recent = (stamps.get(account) ?? []).filter((at) => at > since)
      stamps.set(account, recent)
      return recent.length
    },
  }
}

export interface RateLimiter {
  acquire: Acquire
  onHeaders(host: Host, said: RateLimitHeaders): Promise<void>
}

/** The rate limiter of a vendor connection's account, as one lane may use it. Connections of one account share it through the account's name. */
export function rateLimiterOf(
  db: Db,
  clock: Clock,
  sent: LocalWindow,
  connection: Pick<VendorConnection, 'name' | 'config'>,
  lane: Lane,
): RateLimiter {
  return {
    async acquire(host) {
      const limits = limitsOf(connection, lane, host)
      if (await takeCalls(db, limits, 1, clock.now(), sent.inLastMinute(limits.vendor))) {
        sent.note(limits.vendor)
        return { ok: true }
      }
      return { ok: false, retryAt: (await nextCallAt(db, limits, clock.now())) ?? clock.now() + DAY_MS }
    },
    async onHeaders(host, { pausedUntil, remaining, resetAt }) {
      const limits = limitsOf(connection, 'today', host)
      if (pausedUntil !== null) await pauseUntil(db, limits.vendor, pausedUntil)
      if (remaining !== null) await reduceRemaining(db, limits, remaining, resetAt, clock.now())
    },
  }
}
