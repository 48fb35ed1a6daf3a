/** What an answer says about its vendor: whether it is well, in trouble, or has said when to come back. */
import { blockVendor, closeCircuit, countFailure } from '../../db/circuits/circuits.ts'
import type { Answer } from '../_vendors/vendor.ts'
import type { Desk } from './desk.ts'

/** Failures in a row after which a vendor is left alone, and for how long at first and at most. */
export const FAILURES_TO_OPEN = 3
const OPEN_MS = 60_000
const LONGEST_OPEN_MS = 30 * 60_000

/** Failures in a row open the vendor's circuit; its own word on when to come back is heeded at once. */
export async function heedVendor(desk: Desk, vendor: string, { interruption }: Answer): Promise<void> {
  if (interruption === null) return await closeCircuit(desk.db, vendor)
  switch (interruption.fault) {
    case 'too_recent':
    case 'before_history':
      return await closeCircuit(desk.db, vendor)
    case 'rate_limited':
      if (interruption.status === null) return // our own budget: nothing was sent
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
