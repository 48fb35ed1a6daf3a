/** Counts what a wish would queue, and what is known of the rest of its range. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { knownMonths } from '../../db/coverage/known-months.ts'
import { countStalled } from '../../db/gap-tasks/count-stalled.ts'
import type { Node } from '../_http/node.ts'
import type { Dt } from '../_market/dt.ts'
import { type Cell, cellsOf } from './cells.ts'
import { type Estimate, estimatesOf } from './estimate.ts'
import { type EnqueueBody, type EnqueueRequest, requestedCells } from './request.ts'

/** More are not offered to any plan. */
const MOST_PLANNED = 20_000

export interface Preview {
  dataset: string
  from: Dt
  to: Dt
  symbols: number
  again: boolean
  /** Cells that would be queued. */
  queues: number
  alreadyOpen: number
  stalled: number
  present: number
  explained: number
  notExpected: Record<string, number>
  notServed: Record<string, number>
  vendors: Estimate[]
}

/** Reads only. Throws RequestError 400 for a range that makes no sense. */
export async function previewOf(node: Node, body: EnqueueBody): Promise<Preview> {
  const request = requestedCells(node, body)
  const { dataset, notExpected, notServed, ranges } = request
  const symbols = ranges.map(({ symbol }) => symbol)
  const counts = { alreadyOpen: 0, present: 0, explained: 0 }
  const byDay = new Map<Dt, number>()
  const first: Cell[] = []
  for (const month of request.months) {
    const found = await cellsIn(node, request, month)
    counts.alreadyOpen += found.open
    counts.present += found.present.length
    counts.explained += found.explained.length
    const queued = body.again ? [...found.gaps, ...found.explained, ...found.present] : found.gaps
    for (const { dt } of queued) byDay.set(dt, (byDay.get(dt) ?? 0) + 1)
    if (first.length < MOST_PLANNED)
      first.push(...queued.toSorted(byDayThenSymbol).slice(0, MOST_PLANNED - first.length))
    await yieldToEventLoop()
  }
  return {
    ...{ dataset, from: body.from, to: body.to, symbols: symbols.length, again: body.again },
    queues: [...byDay.values()].reduce((sum, cells) => sum + cells, 0),
    ...counts,
    stalled: await countStalled(node.db, dataset, body.from, body.to, symbols),
    ...{ notExpected, notServed },
    vendors: await estimatesOf(node, request, { byDay, first }),
  }
}

async function cellsIn(node: Node, { dataset, ranges }: EnqueueRequest, month: EnqueueRequest['months'][number]) {
  const alive = ranges.filter(({ fromDt, toDt }) => fromDt <= `${month.month}-31` && toDt >= `${month.month}-01`)
  const names = alive.map(({ symbol }) => symbol)
  return cellsOf(alive, month, names.length === 0 ? [] : await knownMonths(node.db, dataset, names, [month.month]))
}

const byDayThenSymbol = (a: Cell, b: Cell): number =>
  a.dt === b.dt ? (a.symbol < b.symbol ? -1 : 1) : a.dt < b.dt ? -1 : 1
