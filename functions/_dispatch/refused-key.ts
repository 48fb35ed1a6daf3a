/** What a dispatch makes of a key that the vendor refuses: nothing is concluded about cells. */
import { demote } from '../../db/demotions/demotions.ts'
import { releaseLease } from '../../db/leases/release-leases.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { type Answer, VendorError } from '../_vendors/vendor.ts'
import type { Claim } from './claim.ts'

/** A vendor may refuse a good key while it is in trouble. A bad one costs so few calls that asking again is cheap. */
export const KEY_RETRY_MS = 15 * 60_000

/**
 * Gives the tasks of a claim back: they wait for nothing, no attempt counts, and other vendors may take them. Where only the second host refuses the
 * key, the vendor still serves the datasets that do not need it: this one is left alone for a while.
 */
export async function giveBack({ db, now }: DispatchContext, claim: Claim, { host }: VendorError): Promise<void> {
  if (host === 'trading') {
    const scope = { symbol: '*', fromDt: '0000-01-01', toDt: '9999-12-31', outcome: 'not_entitled' }
    const vendor = claim.source.connection.name
    await demote(db, [{ ...scope, vendor, dataset: claim.dataset, until: now() + KEY_RETRY_MS }])
  }
  await releaseLease(db, claim.token, now())
}

/** An answer whose key was refused after some pages: the cells it did not come to are postponed, as those that a budget cut off. One that was refused at once is left as it is. */
export function postponed(answer: Answer, now: number): Answer {
  const { interruption, complete } = answer
  if (!interruption?.refusesKey || complete.size === 0) return answer
  const { vendor, message, status } = interruption
  return { ...answer, interruption: new VendorError(vendor, 'rate_limited', message, { status, retryAt: now }) }
}
