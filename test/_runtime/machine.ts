/** A node's purse on a machine whose clock somebody sets: real time only passes. */
import type { VendorConfig } from '../../config/schema.ts'
import { nextCallAt } from '../../db/budgets/take-calls.ts'
import type { Db } from '../../db/client.ts'
import { repairClock } from '../../db/repair-clock.ts'
import type { Lane } from '../../functions/_dispatch/desk.ts'
import { limitsOf } from '../../functions/_dispatch/limits.ts'
import { purseOf, sentCalls } from '../../functions/_runtime/purse.ts'
import type { Allowance } from '../../functions/_vendors/allowance.ts'
import { RateWindow } from '../lab/rate-window.ts'

export const NOON = Date.UTC(2024, 6, 5, 12)

export interface Limits {
  perMinute: number
  perDay: number | null
  todayShare: number
}

const seatOf = (name: string, { perMinute, perDay, todayShare }: Limits, account?: string) => ({
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
  let sent = sentCalls(clock.elapsed)
  const seats = [seatOf('alpaca', limits), seatOf('alpaca_iex', limits, 'alpaca')]
  const purse = (seat: number, lane: Lane) => purseOf(db, clock, sent, seats[seat]!, lane)
  return {
    seat: seats[0]!,
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
      sent = sentCalls(clock.elapsed)
      await repairClock(db, wall)
    },
    take: async (seat: number, lane: Lane): Promise<boolean> => (await purse(seat, lane).take('data')).ok,
    heed: (said: Partial<Allowance>): Promise<void> =>
      purse(0, 'backfill').heed('data', { pausedUntil: null, remaining: null, resetAt: null, ...said }),
    freeAt: (lane: Lane = 'today') => nextCallAt(db, limitsOf(seats[0]!, lane), wall),
  }
}

/** Calls that the vendor, which goes by real time, would count as too many. */
export const violations = (perMinute: number, grants: readonly { real: number }[]): number => {
  const window = new RateWindow(perMinute)
  return grants.filter(({ real }) => !window.admit(real)).length
}
