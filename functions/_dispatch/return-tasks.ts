/** Returns the tasks of a claim to the queue when carrying it out failed, so that nothing waits for a lease that no worker uses. */
import { abandonLease } from '../../db/gap-tasks/reap-leases.ts'
import { releaseLease } from '../../db/leases/release-leases.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { Claim } from './claim.ts'
import { isMachineFault } from './machine-fault.ts'
import { MAX_ATTEMPTS, pauseAfter } from './retry-policy.ts'

type ReturnContext = Pick<DispatchContext, 'db' | 'now' | 'log'>

/** Tokens whose tasks could not be given back because the database refused that too, each with the database it is of. */
const unreleased = new Map<string, DispatchContext['db']>()

/**
 * After a fault of the machine the tasks wait for nothing and no attempt counts; the error is the caller's. After one of the plan the attempt counts,
 * and the tasks wait longer each time. True when the error was of the plan: others may go on.
 */
export async function returnTasks(context: ReturnContext, claim: Claim, error: unknown): Promise<boolean> {
  const { token, dataset, head } = claim
  if (isMachineFault(error)) {
    unreleased.set(token, context.db)
    await releaseUnreturned(context).catch(() => undefined)
    return false
  }
  context.log('dispatch.plan_failed', {
    vendor: claim.source.connection.name,
    dataset,
    tasks: claim.plan.wants.length,
    error,
  })
  await abandonLease(context.db, token, MAX_ATTEMPTS, context.now(), context.now() + pauseAfter(head.attempts))
  return true
}

/** Releases what an earlier fault of the machine left leased. */
export async function releaseUnreturned({ db, now }: Pick<DispatchContext, 'db' | 'now'>): Promise<void> {
  for (const [token, held] of unreleased) {
    if (held !== db) continue
    await releaseLease(db, token, now())
    unreleased.delete(token)
  }
}
