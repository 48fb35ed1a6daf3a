/** POST /enqueue: a person wants a range now: its gaps are queued, or moved forward; with `again` also what has been answered already. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { tallyReasons } from '../../db/absences/tally-reasons.ts'
import { resetRetry } from '../../db/attempts/reset-retry.ts'
import { knownMonths } from '../../db/coverage/known-months.ts'
import { bumpPriority } from '../../db/gap-tasks/bump-priority.ts'
import { countStalled } from '../../db/gap-tasks/count-stalled.ts'
import { countOpenTasks } from '../../db/gap-tasks/count-tasks.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import type { FunctionAnswer } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { cellsOf, type Found } from './cells.ts'
import { type EnqueueBody, type EnqueueRequest, requestedCells } from './request.ts'
import { tasksFor } from './tasks.ts'

/** A call ends with the month in which it has queued so many. */
const TASKS_PER_CALL = 20_000
const TASKS_PER_WRITE = 4_000
/** Twice what an audit fills the queue up to: beyond it a person waits, too. */
const MOST_OPEN_TASKS = 500_000
const LATER_MS = 10 * 60_000

/** Cells of the months looked at, by what became of them. */
interface Enqueued {
  enqueued: number
  /** Open tasks that were moved forward. */
  raised: number
  alreadyOpen: number
  /** Of the whole range: given up until somebody redrives them. They count as open. */
  stalled: number
  present: number
  /** Cells without data that are settled, by reason. */
  explained: Record<string, number>
}

export async function enqueue(node: Node, body: EnqueueBody): Promise<FunctionAnswer> {
  const request = requestedCells(node, body)
  if (body.again) await node.answers.forgetAll()
  const { dataset, notExpected, notServed } = request
  const symbols = request.ranges.map(({ symbol }) => symbol)
  const stalled = await countStalled(node.db, dataset, body.from, body.to, symbols)
  const done: Enqueued = { enqueued: 0, raised: 0, alreadyOpen: 0, stalled, present: 0, explained: {} }
  const answer = (more: boolean, after: string | null, nextAt: number | null = null): FunctionAnswer => {
    node.log('enqueue.queued', { dataset, from: body.from, to: body.to, again: body.again, ...done, more })
    return { dataset, ...done, notExpected, notServed, more, after, nextAt }
  }
  const room = MOST_OPEN_TASKS - (await countOpenTasks(node.db))
  if (room <= 0) return answer(true, body.after ?? null, node.now() + LATER_MS)
  for (const [at, month] of request.months.entries()) {
    await queueMonth(node, request, month, done)
    const isLast = at === request.months.length - 1
    if (!isLast && done.enqueued >= Math.min(TASKS_PER_CALL, room)) return answer(true, month.month)
    await yieldToEventLoop()
  }
  return answer(false, null)
}

async function queueMonth(
  node: Node,
  request: EnqueueRequest,
  month: EnqueueRequest['months'][number],
  done: Enqueued,
): Promise<void> {
  const { dataset, ranges } = request
  const alive = ranges.filter(
    (symbolRange) => symbolRange.fromDt <= `${month.month}-31` && symbolRange.toDt >= `${month.month}-01`,
  )
  if (alive.length === 0) return
  const known = await knownMonths(
    node.db,
    dataset,
    alive.map(({ symbol }) => symbol),
    [month.month],
  )
  const found = cellsOf(alive, month, known)
  done.alreadyOpen += found.open
  if (found.open > 0) done.raised += await raise(node, request, month.month, alive)
  if (!request.again) {
    done.present += found.present.length
    await countExplained(node, request, month, alive, found, done)
  } else if (request.vendor === null) await resetRetry(node.db, dataset, found.explained, node.now())
  const tasks = await tasksFor(node, request, found)
  // A present cell whose vendor may not be asked is neither queued nor lost.
  if (request.again) done.present += found.present.length - tasks.filter(({ reason }) => reason === 're_read').length
  for (let at = 0; at < tasks.length; at += TASKS_PER_WRITE) {
    done.enqueued += await enqueueTasks(node.db, dataset, tasks.slice(at, at + TASKS_PER_WRITE), node.now())
    await yieldToEventLoop()
  }
}

const raise = (
  node: Node,
  request: EnqueueRequest,
  month: string,
  alive: EnqueueRequest['ranges'],
): Promise<number> => {
  const range = {
    symbols: alive.map(({ symbol }) => symbol),
    fromDt: request.from > `${month}-01` ? request.from : `${month}-01`,
    toDt: request.to < `${month}-31` ? request.to : `${month}-31`,
  }
  return bumpPriority(node.db, request.dataset, range, request.place, node.now())
}

async function countExplained(
  node: Node,
  request: EnqueueRequest,
  { month, mask }: EnqueueRequest['months'][number],
  alive: EnqueueRequest['ranges'],
  found: Found,
  done: Enqueued,
): Promise<void> {
  if (found.explained.length === 0) return
  const slice = { column: 0, month, mask, days: 0, byRule: 0 as const }
  for (const { reason, isSettled, cells } of await tallyReasons(node.db, request.dataset, alive, [slice])) {
    if (isSettled === 1) done.explained[reason] = (done.explained[reason] ?? 0) + cells
  }
}
