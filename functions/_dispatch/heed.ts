/** What an answer says about its vendor: whether it is well, in trouble, or has said when to come back. */
import { blockVendor, closeCircuit, countFailure } from '../../db/circuits/circuits.ts'
import type { Desk } from './desk.ts'
import type { Said } from './outcomes.ts'

/** Failures in a row after which a vendor is left alone, and for how long at first and at most. */
export const FAILURES_TO_OPEN = 3
const OPEN_MS = 60_000
/** A vendor that is back is found within this; asking a dead one so often costs it and us next to nothing. */
const LONGEST_OPEN_MS = 2 * 60_000

/** Failures in a row open the vendor's circuit; its own word on when to come back is heeded at once. */
export async function heedVendor(desk: Desk, vendor: string, { interruption, calls }: Said): Promise<void> {
  if (interruption === null) return await closeCircuit(desk.db, vendor)
  switch (interruption.fault) {
    case 'too_recent':
    case 'before_history':
      return await closeCircuit(desk.db, vendor)
    case 'rate_limited':
      // Our own budget, or the plan's end: the pages before it were served.
      if (interruption.status === null) return calls > 0 ? await closeCircuit(desk.db, vendor) : undefined
      return await blockVendor(desk.db, vendor, interruption.retryAt ?? desk.now() + OPEN_MS, interruption.message)
    case 'malformed':
    case 'unavailable':
    case 'not_entitled': {
      const failures = await countFailure(desk.db, vendor, interruption.message)
      if (failures < FAILURES_TO_OPEN) return
      const openMs = Math.min(LONGEST_OPEN_MS, OPEN_MS * 2 ** (failures - FAILURES_TO_OPEN))
      await blockVendor(desk.db, vendor, desk.now() + openMs, interruption.message)
      return desk.log('dispatch.circuit_opened', { vendor, failures, openMs, why: interruption.message })
    }
    default:
      return interruption.fault satisfies never
  }
}
