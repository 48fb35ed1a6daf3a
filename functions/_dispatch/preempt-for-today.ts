/** Preemption: between two pages of a backfill plan, a waiting task of today runs first; then the plan goes on where it was. */
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { availableRange } from '../_catalog/availability.ts'
import { datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { Get } from '../_vendors/vendor.ts'

/** The same requests, and the milliseconds that passed while others went first. */
export interface Preemption {
  get: Get
  preemptedMs(): number
}

/**
 * Before the next page `dispatchToday` is called while a task of today waits that some vendor may take, and did so when the page before was
 * sent already: had another worker been idle, it would have it by now.
 */
export function preemptible(context: DispatchContext, get: Get, dispatchToday: () => Promise<unknown>): Preemption {
  let sentAt: number | null = null
  let preemptedMs = 0
  return {
    get: async (request) => {
      if (sentAt !== null && (await todayWaited(context, sentAt))) {
        const left = context.elapsed()
        await dispatchToday()
        preemptedMs += context.elapsed() - left
      }
      sentAt = context.now()
      return await get(request)
    },
    preemptedMs: () => preemptedMs,
  }
}

async function todayWaited(context: DispatchContext, since: number): Promise<boolean> {
  for (const { dataset, spec } of datasetsOf(context.config)) {
    for (const { connection, terms } of sourcesFor(context, dataset)) {
      const reach = {
        vendor: connection.name,
        dataset,
        ...availableRange(terms, spec, since),
        lane: 'today' as const,
        now: since,
      }
      if (await findHead(context.db, reach)) return true
    }
  }
  return false
}
