/** Keeps a claim's lease alive while its pages arrive: a plan may take longer than a lease, as long as each page takes less. */
import { renewLease } from '../../db/leases/renew-lease.ts'
import type { Get } from '../_vendors/vendor.ts'
import { LEASE_MS } from './claim.ts'
import type { Desk } from './desk.ts'

/** Part of the lease that may pass before it is renewed. */
const RENEW_AFTER_MS = LEASE_MS / 4

/** A `get` that renews the token's lease now and then, after an answer. One that has passed on stays lost: the settlement will notice. */
export function renewing(desk: Pick<Desk, 'db' | 'now' | 'elapsed'>, token: string, get: Get): Get {
  // By a clock nobody can set: a lease would lapse while the other one catches up.
  let renewedAt = desk.elapsed()
  return async (request) => {
    const answer = await get(request)
    if (desk.elapsed() - renewedAt < RENEW_AFTER_MS) return answer
    renewedAt = desk.elapsed()
    await renewLease(desk.db, token, desk.now() + LEASE_MS)
    return answer
  }
}
