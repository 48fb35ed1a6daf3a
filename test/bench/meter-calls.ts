/** Vendors on a clock of events: each call takes its vendor's time, and when it was sent is written down. */
import type { DatasetConfig } from '../../config/schema.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { availableRange } from '../../functions/_catalog/availability.ts'
import type { DatasetSource } from '../../functions/_catalog/catalog.ts'
import type { Lane } from '../../functions/_catalog/context.ts'
import type { Node } from '../../functions/_http/node.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { VendorError } from '../../functions/_vendors/vendor.ts'
import type { LabVendorName } from '../lab/lab.ts'
import { LATENCY_MS } from './dispatch-scenes.ts'
import type { EventClock } from './event-clock.ts'

export interface CallWatch {
  /** Before a request is tried, whether or not the budget lets it go. */
  trying(): Promise<unknown>
  sent?(lane: Lane): void
  answered?(): void
}

/** Returns when each vendor was sent its calls, epoch ms of the clock; the lists grow. */
export function meterCalls(node: Node, clock: EventClock, watch: CallWatch): Record<string, number[]> {
  const sent: Record<string, number[]> = Object.fromEntries(node.vendors.map(({ name }) => [name, []]))
  for (const connection of node.vendors) {
    const getOf = connection.get
    const latencyMs = LATENCY_MS[(connection.config.connector ?? connection.name) as LabVendorName]
    connection.get = (lane) => {
      const get = getOf(lane)
      return async (request) => {
        await watch.trying()
        const answer = await get(request).catch((error: unknown) => error)
        // Refused by our own budget: nothing left the house, and no time passes.
        if (answer instanceof VendorError && answer.status === null && answer.fault !== 'unavailable') throw answer
        watch.sent?.(lane)
        sent[connection.name]?.push(clock.now())
        await clock.sleep(latencyMs)
        watch.answered?.()
        if (answer instanceof Error) throw answer
        return answer as Awaited<ReturnType<typeof get>>
      }
    }
  }
  return sent
}

/** Whether a task waits that a vendor may serve now, were its budget not spent. */
export async function isQueuedFor(
  node: Node,
  dataset: DatasetName,
  spec: DatasetConfig,
  { connection, terms }: DatasetSource,
): Promise<boolean> {
  const range = availableRange(terms, spec, node.now())
  const reach = { vendor: connection.name, dataset, ...range, lane: null, now: node.now() }
  return (await findHead(node.db, reach)) !== undefined
}
