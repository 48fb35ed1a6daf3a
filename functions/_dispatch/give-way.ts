/** A backfill of many pages gives way to a task of today between two of them: what was served is settled, the rest is queued again. */
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { type Get, VendorError } from '../_vendors/vendor.ts'
import { type Desk, datasetsOf, serversOf } from './desk.ts'
import { reachOf } from './reach.ts'

/**
 * The same requests, refused while a task of today waits that some vendor may take, and did so when the page before was sent already: had
 * another worker been idle, it would have it by now.
 */
export function givingWay(desk: Desk, vendor: string, get: Get): Get {
  let sentAt: number | null = null
  return async (request) => {
    if (sentAt !== null && (await todayWaited(desk, sentAt))) {
      const why = `nothing more was sent to ${vendor}; a task of today goes first`
      throw new VendorError(vendor, 'rate_limited', why, { retryAt: desk.now() })
    }
    sentAt = desk.now()
    return await get(request)
  }
}

async function todayWaited(desk: Desk, since: number): Promise<boolean> {
  for (const { dataset, spec } of datasetsOf(desk.config)) {
    for (const { seat, terms } of serversOf(desk, dataset)) {
      const reach = { vendor: seat.name, dataset, ...reachOf(terms, spec, since), lane: 'today' as const, now: since }
      if (await findHead(desk.db, reach)) return true
    }
  }
  return false
}
