/** Waits briefly for the rate limiter: a plan cut off half-way leaves too few cells to fill a page, and they cost extra calls. */
import { MAX_WAIT_MS } from '../_catalog/account-limits.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { type Get, VendorError } from '../_vendors/vendor.ts'

export interface BudgetWait {
  get: Get
  /** How long all requests together waited for the budget so far, ms. */
  waitedMs(): number
}

/** The same requests. What our own budget refuses is tried again when it says, as long as that is soon and all waits together are short. */
export function waitForBudget(context: Pick<DispatchContext, 'now' | 'sleep'>, get: Get): BudgetWait {
  let waited = 0
  const waiting: Get = async (request) => {
    const until = context.now() + MAX_WAIT_MS
    for (;;) {
      try {
        return await get(request)
      } catch (error) {
        const retryAt = budgetFreeAt(error)
        if (retryAt === null || retryAt > until) throw error
        const pause = Math.max(1, retryAt - context.now())
        waited += pause
        // Others may have taken what was free by then.
        await context.sleep(pause)
      }
    }
  }
  return { get: waiting, waitedMs: () => waited }
}

/** When the budget that refused a request says to come back; null where it was not our budget. */
const budgetFreeAt = (error: unknown): number | null =>
  error instanceof VendorError && error.fault === 'rate_limited' && error.status === null ? error.retryAt : null
