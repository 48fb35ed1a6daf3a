/** A node's rate limiter on a machine whose clock the test sets; real time only moves forward. */
import type { VendorConfig } from '../../config/schema.ts'
import { nextCallAt } from '../../db/budgets/take-calls.ts'
import type { Db } from '../../db/client.ts'
import { repairClock } from '../../db/repair-clock.ts'
import { limitsOf } from '../../functions/_catalog/account-limits.ts'
import type { Lane } from '../../functions/_catalog/context.ts'
import { localWindow, rateLimiterOf } from '../../functions/_runtime/rate-limiter.ts'
import type { RateLimitHeaders } from '../../functions/_vendors/rate-limit-headers.ts'
import { RateWindow } from '../lab/rate-window.ts'

export const NOON = Date.UTC(2024, 6, 5, 12)

export interface Limits {
  perMinute: number
  perDay: number | null
  todayShare: number
}

const connectionOf = (name: string, { perMinute, perDay, todayShare }: Limits, account?: string) => ({
  name,
  config: {
    base_url: 'http://vendor.test',
    calls_per_minute: perMinute,
    calls_per_day: perDay,
    today_share: todayShare,
    ...(account === undefined ? {} : { account }),
    datasets: {},
  } satisfies VendorConfig,
})

export function machine(db: Db, limits: Limits, start = NOON) {
  let real = 0
  let wall = start
  const clock = { now: () => wall, elapsed: () => real, sleep: async () => undefined }
  let sent = localWindow(clock.elapsed)
  const vendors = [connectionOf('alpaca', limits), connectionOf('alpaca_iex', limits, 'alpaca')]
  const rateLimiter = (connection: number, lane: Lane) => rateLimiterOf(db, clock, sent, vendors[connection]!, lane)
  return {
    connection: vendors[0]!,
    real: () => real,
    wall: () => wall,
    pass(ms: number) {
      real += ms
      wall += ms
    },
    setClock(by: number) {
      wall += by
    },
    /** All that the process knew is gone; the database is what it was. */
    async restart() {
      sent = localWindow(clock.elapsed)
      await repairClock(db, wall)
    },
    acquire: async (connection: number, lane: Lane): Promise<boolean> =>
      (await rateLimiter(connection, lane).acquire('data')).ok,
    onHeaders: (said: Partial<RateLimitHeaders>): Promise<void> =>
      rateLimiter(0, 'backfill').onHeaders('data', { pausedUntil: null, remaining: null, resetAt: null, ...said }),
    freeAt: (lane: Lane = 'today') => nextCallAt(db, limitsOf(vendors[0]!, lane), wall),
  }
}

/** Calls that the vendor, which goes by real time, would count as too many. */
export const violations = (perMinute: number, grants: readonly { real: number }[]): number => {
  const window = new RateWindow(perMinute)
  return grants.filter(({ real }) => !window.admit(real)).length
}
