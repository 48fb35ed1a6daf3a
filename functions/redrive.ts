/** POST /redrive: gives stalled tasks all their attempts again, because a person has repaired what they failed for. */
import { z } from 'zod'
import { redriveTasks } from '../db/gap-tasks/redrive-tasks.ts'
import { AsOfBody, datasetNamed, type FunctionAnswer, RequestError } from './_http/handler.ts'
import type { Node } from './_http/node.ts'
import { SymbolText } from './_market/cell.ts'
import { DtText } from './_market/dt.ts'

export const RedriveBody = AsOfBody.extend({
  /** All that are left out do not narrow: nothing at all redrives every stalled task. */
  dataset: z.string().optional(),
  symbol: SymbolText.optional(),
  from: DtText.optional(),
  to: DtText.optional(),
  ids: z.array(z.int().positive()).min(1).max(20_000).optional(),
})

export async function redrive(node: Node, body: z.output<typeof RedriveBody>): Promise<FunctionAnswer> {
  const { symbol, from, to, ids } = body
  if (from !== undefined && to !== undefined && from > to) {
    throw new RequestError(400, `from: ${from} lies after to, ${to}`)
  }
  const filter = {
    ...(body.dataset === undefined ? {} : { dataset: datasetNamed(node, body.dataset).dataset }),
    ...(symbol === undefined ? {} : { symbols: [symbol] }),
    ...(from === undefined ? {} : { fromDt: from }),
    ...(to === undefined ? {} : { toDt: to }),
    ...(ids === undefined ? {} : { ids }),
  }
  const { redriven, more } = await redriveTasks(node.db, filter, node.now())
  node.log('redrive.queued', { ...filter, ids: ids?.length ?? null, redriven, more })
  return { redriven, more, nextAt: null }
}
