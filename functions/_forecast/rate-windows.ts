/** Rate windows: a budget is spent in bursts, a window apart, where the drain simulation lets it flow evenly. */
import { COUNTED_MS } from '../../db/budgets/take-calls.ts'
import type { AccountRate, DrainForecast, WorkClass } from './drain-simulation.ts'

const MINUTE_MS = 60_000
/** Less than this of a call is a rounding error. */
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
 * The instant by which an account has been granted the calls that have flowed by `at`, epoch ms: what is free at the start at once, then what was sent
 * lately as it stops counting, and then each further window of calls when the one before is over. `from`: before it the vendor may not be asked.
 */
export function grantedAt(
  at: number,
  account: Pick<AccountRate, 'perMinute' | 'from' | 'releases'>,
  from: number,
): number {
  const start = Math.max(account.from, from)
  const perWindow = (account.perMinute * COUNTED_MS) / MINUTE_MS
  if (at <= start || perWindow === 0) return at
  const later = account.releases.filter((release) => release.at > start)
  const free = Math.max(0, perWindow - later.reduce((sum, { calls }) => sum + calls, 0))
  let left = ((at - start) * perWindow) / COUNTED_MS - free - NOTHING
  if (left <= 0) return start
  for (const release of later) {
    left -= release.calls
    if (left <= 0) return release.at
  }
  return start + Math.ceil(left / perWindow) * COUNTED_MS
}
