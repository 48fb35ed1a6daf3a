/** An account's calls: taken before a request leaves, never given back, and fewer as soon as the vendor says so. */
import { lowerRoom, pauseCalls } from '../../db/budgets/heed-allowance.ts'
import { nextCallAt, takeCalls } from '../../db/budgets/take-calls.ts'
import type { Db } from '../../db/client.ts'
import type { Lane, VendorSeat } from '../_dispatch/desk.ts'
import { limitsOf } from '../_dispatch/limits.ts'
import type { Allowance } from '../_vendors/allowance.ts'
import type { Host, Take } from '../_vendors/http.ts'
import type { Clock } from './clock.ts'

const WINDOW_MS = 60_000
const DAY_MS = 86_400_000

/** When this process sent its calls, by a clock that nobody can set: the database's own count goes by one that may jump. */
export interface SentCalls {
  note(account: string): void
  /** Calls of the last 60 seconds. */
  lately(account: string): number
}

export function sentCalls(elapsed: () => number): SentCalls {
  const stamps = new Map<string, number[]>()
  return {
    note(account) {
      const known = stamps.get(account)
      if (known) known.push(elapsed())
      else stamps.set(account, [elapsed()])
    },
    lately(account) {
      const since = elapsed() - WINDOW_MS
      const recent = (stamps.get(account) ?? []).filter((at) => at > since)
      stamps.set(account, recent)
      return recent.length
    },
  }
}

export interface Purse {
  take: Take
  heed(host: Host, said: Allowance): Promise<void>
}

/** The purse of a seat's account as one lane may use it; seats of one account share it through its name. */
export function purseOf(
  db: Db,
  clock: Clock,
  sent: SentCalls,
  seat: Pick<VendorSeat, 'name' | 'config'>,
  lane: Lane,
): Purse {
  return {
    async take(host) {
      const limits = limitsOf(seat, lane, host)
      if (await takeCalls(db, limits, 1, clock.now(), sent.lately(limits.vendor))) {
        sent.note(limits.vendor)
        return { ok: true }
      }
      return { ok: false, retryAt: (await nextCallAt(db, limits, clock.now())) ?? clock.now() + DAY_MS }
    },
    async heed(host, { pausedUntil, remaining, resetAt }) {
      const limits = limitsOf(seat, 'today', host)
      if (pausedUntil !== null) await pauseCalls(db, limits.vendor, pausedUntil)
      if (remaining !== null) await lowerRoom(db, limits, remaining, resetAt, clock.now())
    },
  }
}
