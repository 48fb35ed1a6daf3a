/** A plan under way waits a moment for the next call of its budget: given up, it would leave a scatter of cells that costs calls of its own. */
import { type Get, VendorError } from '../_vendors/vendor.ts'
import type { Desk } from './desk.ts'

/** A worker that waits does nothing else: longer than this, the rest of its plan is better queued again. */
export const PATIENCE_MS = 5_000

/** The same requests. What our own budget refuses is tried again when it says, as long as that is soon and all waits together are short. */
export function patient(desk: Pick<Desk, 'now' | 'sleep'>, get: Get): Get {
  return async (request) => {
    const until = desk.now() + PATIENCE_MS
    for (;;) {
      try {
        return await get(request)
      } catch (error) {
        const retryAt = budgetFreeAt(error)
        if (retryAt === null || retryAt > until) throw error
        // Others may have taken what was free by then.
        await desk.sleep(Math.max(1, retryAt - desk.now()))
      }
    }
  }
}

/** When the budget that refused a request says to come back; null where it was not our budget. */
const budgetFreeAt = (error: unknown): number | null =>
  error instanceof VendorError && error.fault === 'rate_limited' && error.status === null ? error.retryAt : null
