/** A backfill of many pages gives way to a task of today between two of them: what was served is settled, the rest is queued again. */
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { type Get, VendorError } from '../_vendors/vendor.ts'
import { type Desk, datasetsOf, serversOf } from './desk.ts'
import { reachOf } from './reach.ts'

/** The same requests, refused from the second page on while a task of today waits that some vendor may take. */
export function givingWay(desk: Desk, vendor: string, get: Get): Get {
  let sent = 0
  return async (request) => {
    if (sent > 0 && (await todayWaits(desk))) {
      const why = `nothing more was sent to ${vendor}; a task of today goes first`
      throw new VendorError(vendor, 'rate_limited', why, { retryAt: desk.now() })
    }
    sent += 1
    return await get(request)
  }
}

async function todayWaits(desk: Desk): Promise<boolean> {
  const now = desk.now()
  for (const { dataset, spec } of datasetsOf(desk.config)) {
    for (const { seat, terms } of serversOf(desk, dataset)) {
      const reach = { vendor: seat.name, dataset, ...reachOf(terms, spec, now), lane: 'today' as const, now }
      if (await findHead(desk.db, reach)) return true
    }
  }
  return false
}
