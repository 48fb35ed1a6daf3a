/** Lease heartbeat: renews a claim's lease while its pages arrive. A plan may take longer than a lease; a page may not. */
import { renewLease } from '../../db/leases/renew-lease.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { Get } from '../_vendors/vendor.ts'
import { LEASE_MS } from './claim.ts'

/** Part of the lease that may pass before it is renewed. */
const RENEW_AFTER_MS = LEASE_MS / 4

/** A `get` that renews the token's lease now and then, after an answer. One that has passed on stays lost: the settlement will notice. */
export function withHeartbeat(context: Pick<DispatchContext, 'db' | 'now' | 'elapsed'>, token: string, get: Get): Get {
  // By a clock nobody can set: a lease would lapse while the other one catches up.
  let renewedAt = context.elapsed()
  return async (request) => {
    const answer = await get(request)
    if (context.elapsed() - renewedAt < RENEW_AFTER_MS) return answer
    renewedAt = context.elapsed()
    await renewLease(context.db, token, context.now() + LEASE_MS)
    return answer
  }
}
