/** The tasks that a wish makes of the cells it found. */
import { winnersOf } from '../../db/attempts/winners-of.ts'
import type { NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { availabilityOf } from '../_catalog/availability.ts'
import { preferenceOrder } from '../_catalog/catalog.ts'
import { expectedRows } from '../_expected/expected.ts'
import type { Node } from '../_http/node.ts'
import type { Dt } from '../_market/dt.ts'
import type { Cell, Found } from './cells.ts'
import type { EnqueueRequest } from './request.ts'

/**
 * Gaps are for any vendor. What names its vendor is asked of it once and concludes nothing but that it is there: a present cell of the
 * vendor it came from, or of the one wished for; so a present cell stays present whatever comes, and what a vendor that was
 * wished for does not have stays a gap.
 */
export async function tasksFor(node: Node, request: EnqueueRequest, found: Found): Promise<NewTask[]> {
  const { vendor, again } = request
  const missing = again ? [...found.gaps, ...found.explained] : found.gaps
  const taskOf = makerOf(node, request)
  const rereads = !again
    ? []
    : vendor === null
      ? await readAgain(node, request, found.present)
      : found.present.map((cell) => ({ ...cell, vendor }))
  return [
    ...missing.map((cell) => (vendor === null ? taskOf(cell, 'manual') : { ...taskOf(cell, 're_read'), vendor })),
    ...rereads.map((cell) => ({ ...taskOf(cell, 're_read'), vendor: cell.vendor })),
  ]
}

/** Present cells whose own vendor may be asked. */
async function readAgain(node: Node, { dataset, sources }: EnqueueRequest, present: readonly Cell[]) {
  if (present.length === 0) return []
  const askable = new Set(sources.map(({ connection }) => connection.name))
  const winners = await winnersOf(node.db, dataset, present, preferenceOrder(node.config, dataset))
  return winners.filter((cell) => askable.has(cell.vendor))
}

function makerOf(
  node: Node,
  { spec, sources, place }: EnqueueRequest,
): (cell: Cell, reason: NewTask['reason']) => NewTask {
  const now = node.now()
  const known = new Map<Dt, number>()
  const servedAt = (dt: Dt): number => {
    const instants = sources.map(({ terms }) => {
      const served = availabilityOf(terms, spec, dt, now)
      return served.can === 'now' ? now : served.can === 'later' ? served.at : Number.MAX_SAFE_INTEGER
    })
    return Math.min(...instants)
  }
  return ({ symbol, dt }, reason) => {
    const nextAt = known.get(dt) ?? servedAt(dt)
    known.set(dt, nextAt)
    return { symbol, dt, ...place, expectedRows: expectedRows(spec, symbol, dt), reason, nextAt }
  }
}
