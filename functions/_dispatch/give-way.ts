/** A backfill of many pages gives way to a task of today between two of them, and then goes on where it was. */
import { findHead } from '../../db/gap-tasks/find-head.ts'
import type { Get } from '../_vendors/vendor.ts'
import { type Desk, datasetsOf, serversOf } from './desk.ts'
import { reachOf } from './reach.ts'

/** The same requests, and the milliseconds that passed while others went first. */
export interface Giving {
  get: Get
  awayMs(): number
}

/**
 * Before the next page `dispatchToday` is called while a task of today waits that some vendor may take, and did so when the page before was
 * sent already: had another worker been idle, it would have it by now.
 */
export function givingWay(desk: Desk, get: Get, dispatchToday: () => Promise<unknown>): Giving {
  let sentAt: number | null = null
  let awayMs = 0
  return {
    get: async (request) => {
      if (sentAt !== null && (await todayWaited(desk, sentAt))) {
        const left = desk.elapsed()
        await dispatchToday()
        awayMs += desk.elapsed() - left
      }
      sentAt = desk.now()
      return await get(request)
    },
    awayMs: () => awayMs,
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
