/** Circuit breaker: opens after failures in a row, follows a vendor's own retry time at once, and closes with the next answer. */
import { blockVendor, closeCircuit, countFailure, FAILURES_TO_OPEN } from '../../db/circuits/circuits.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { AnswerSummary } from './outcomes.ts'

/** How long a circuit stays open at first. */
const OPEN_MS = 60_000
/** A vendor that is back is found within this; asking a dead one so often costs it and us next to nothing. */
const LONGEST_OPEN_MS = 2 * 60_000

/** Failures in a row open the vendor's circuit. A 429 opens it at once, until its Retry-After. */
export async function updateCircuit(
  context: DispatchContext,
  vendor: string,
  { interruption, calls }: AnswerSummary,
): Promise<void> {
  if (interruption === null) return await closeCircuit(context.db, vendor)
  // Noted with the answer, for all vendors of the account.
  if (interruption.refusesKey) return
  switch (interruption.fault) {
    case 'too_recent':
    case 'before_history':
      return await closeCircuit(context.db, vendor)
    case 'rate_limited':
      // Our own budget, or the plan's end: the pages before it were served.
      if (interruption.status === null) return calls > 0 ? await closeCircuit(context.db, vendor) : undefined
      return await blockVendor(
        context.db,
        vendor,
        interruption.retryAt ?? context.now() + OPEN_MS,
        interruption.message,
      )
    case 'malformed':
    case 'unavailable':
    case 'not_entitled': {
      const failures = await countFailure(context.db, vendor, interruption.message)
      if (failures < FAILURES_TO_OPEN) return
      const openMs = Math.min(LONGEST_OPEN_MS, OPEN_MS * 2 ** (failures - FAILURES_TO_OPEN))
      await blockVendor(context.db, vendor, context.now() + openMs, interruption.message)
      return context.log('dispatch.circuit_opened', { vendor, failures, openMs, why: interruption.message })
    }
    default:
      return interruption.fault satisfies never
  }
}
