/** What each account may spend in the long run: vendors of one account share it. */
import { COUNTED_MS, callsSpent, nextCallAt, releases } from '../../db/budgets/take-calls.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { AccountRate } from './drain-simulation.ts'

/** The budget of a minute lasts as long as a slot counts. */
const SHARE_OF_MINUTE = 60_000 / COUNTED_MS

/** By account: the rate of lane `backfill`, which is what a backlog is worked off with. */
export async function accountRates(
  context: Pick<DispatchContext, 'db' | 'vendors' | 'now'>,
): Promise<Map<string, AccountRate>> {
  const now = context.now()
  const rates = new Map<string, AccountRate>()
  for (const connection of context.vendors) {
    const limits = limitsOf(connection, 'backfill')
    if (rates.has(limits.vendor)) continue
    const { day } = await callsSpent(context.db, limits.vendor, now)
    const from = await nextCallAt(context.db, limits, now)
    rates.set(limits.vendor, {
      perMinute: from === null ? 0 : limits.perMinute * SHARE_OF_MINUTE,
      leftToday: limits.perDay === null ? null : Math.max(0, limits.perDay - day),
      perDay: limits.perDay,
      from: from ?? now,
      releases: await releases(context.db, limits.vendor, now),
    })
  }
  return rates
}
