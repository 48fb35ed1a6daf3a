/** Rate windows: a budget is spent in bursts, a window apart, where the drain simulation lets it flow evenly. */
import { COUNTED_MS } from '../../db/budgets/take-calls.ts'
import type { AccountRate, DrainForecast, WorkClass } from './drain-simulation.ts'

/** Less than this of a window is a rounding error. */
const NOTHING = 1e-6

/** When each pool is empty if calls are granted in bursts, epoch ms: the last of the vendors that have a share in it. Null stays null. */
export function emptyInBursts(
  pools: readonly WorkClass[],
  { emptyAt, shares }: Pick<DrainForecast, 'emptyAt' | 'shares'>,
  accounts: ReadonlyMap<string, AccountRate>,
): (number | null)[] {
  return emptyAt.map((at, pool) => {
    if (at === null || shares[pool]!.size === 0) return at
    const asked = pools[pool]!.sources.filter(({ vendor }) => shares[pool]!.has(vendor))
    return Math.max(...asked.map(({ account, from }) => grantedAt(at, accounts.get(account)!, from)))
  })
}

/**
 * The instant by which an account has been granted the calls that have flowed by `at`, epoch ms: what is free at the start at once, and each further
 * window of calls when the one before is over. A vendor that may be asked only later, at `from`, finds a whole window free.
 */
export function grantedAt(at: number, account: Pick<AccountRate, 'from' | 'room'>, from: number): number {
  const start = Math.max(account.from, from)
  const room = from > account.from ? 1 : account.room
  if (at <= start) return at
  return start + Math.max(0, Math.ceil((at - start) / COUNTED_MS - room - NOTHING)) * COUNTED_MS
}
