/** POST /enqueue: a person wants a range now: its gaps are queued, or moved forward; with `again` also what has been answered already. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import { tallyReasons } from '../../db/absences/tally-reasons.ts'
import { allowAsking } from '../../db/attempts/allow-asking.ts'
import { knownMonths } from '../../db/coverage/known-months.ts'
import { countStalled } from '../../db/gap-tasks/count-stalled.ts'
import { countOpenTasks } from '../../db/gap-tasks/count-tasks.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { raiseTasks } from '../../db/gap-tasks/raise-tasks.ts'
import { SymbolText } from '../_market/cell.ts'
import { DtText } from '../_market/dt.ts'
import { type Answered, Night } from '../_runtime/door.ts'
import type { Node } from '../_runtime/node.ts'
import { cellsOf, type Found } from './cells.ts'
import { askedBy, type Wish } from './question.ts'
import { tasksFor } from './tasks.ts'

export const EnqueueBody = Night.extend({
  dataset: z.string(),
  /** Symbols of the dataset, or all of them. */
  symbols: z.union([z.literal('all'), z.array(SymbolText).min(1).max(2_000)], {
    error: 'expected "all" or a list of symbols such as ["AAPL", "BRK.B"]',
  }),
  from: DtText,
  to: DtText,
  /** Higher comes first; gaps an audit finds have 0 to 100. */
  priority: z.int().min(-1_000).max(1_000).default(50),
  lane: z.enum(['today', 'backfill']).default('backfill'),
  /** Ask this vendor, once: what it does not have stays a gap for the others. */
  vendor: z.string().optional(),
  /** Also cells that are present (they are read again) or explained (they are asked for again). */
  again: z.boolean().default(false),
  /** Go on after this month: the `after` of the answer before. */
  after: z
    .string()
    .regex(/^\d{4}-(0[1-9]|1[0-2])$/, { error: 'expected a month as YYYY-MM' })
    .optional(),
})
export type EnqueueBody = z.output<typeof EnqueueBody>

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

export async function enqueue(node: Node, body: EnqueueBody): Promise<Answered> {
  const wish = askedBy(node, body)
  const { dataset, notExpected, notServed } = wish
  const symbols = wish.lives.map(({ symbol }) => symbol)
  const stalled = await countStalled(node.db, dataset, body.from, body.to, symbols)
  const done: Enqueued = { enqueued: 0, raised: 0, alreadyOpen: 0, stalled, present: 0, explained: {} }
  const answer = (more: boolean, after: string | null, nextAt: number | null = null): Answered => {
    node.log('enqueue.queued', { dataset, from: body.from, to: body.to, again: body.again, ...done, more })
    return { dataset, ...done, notExpected, notServed, more, after, nextAt }
  }
  const room = MOST_OPEN_TASKS - (await countOpenTasks(node.db))
  if (room <= 0) return answer(true, body.after ?? null, node.now() + LATER_MS)
  for (const [at, month] of wish.months.entries()) {
    await queueMonth(node, wish, month, done)
    const isLast = at === wish.months.length - 1
    if (!isLast && done.enqueued >= Math.min(TASKS_PER_CALL, room)) return answer(true, month.month)
    await nextTurn()
  }
  return answer(false, null)
}

async function queueMonth(node: Node, wish: Wish, month: Wish['months'][number], done: Enqueued): Promise<void> {
  const { dataset, lives } = wish
  const alive = lives.filter((life) => life.fromDt <= `${month.month}-31` && life.toDt >= `${month.month}-01`)
  if (alive.length === 0) return
  const known = await knownMonths(
    node.db,
    dataset,
    alive.map(({ symbol }) => symbol),
    [month.month],
  )
  const found = cellsOf(alive, month, known)
  done.alreadyOpen += found.open
  if (found.open > 0) done.raised += await raise(node, wish, month.month, alive)
  if (!wish.again) {
    done.present += found.present.length
    await countExplained(node, wish, month, alive, found, done)
  } else if (wish.vendor === null) await allowAsking(node.db, dataset, found.explained, node.now())
  const tasks = await tasksFor(node, wish, found)
  // A present cell whose vendor may not be asked is neither queued nor lost.
  if (wish.again) done.present += found.present.length - tasks.filter(({ reason }) => reason === 're_read').length
  for (let at = 0; at < tasks.length; at += TASKS_PER_WRITE) {
    done.enqueued += await enqueueTasks(node.db, dataset, tasks.slice(at, at + TASKS_PER_WRITE), node.now())
    await nextTurn()
  }
}

const raise = (node: Node, wish: Wish, month: string, alive: Wish['lives']): Promise<number> => {
  const range = {
    symbols: alive.map(({ symbol }) => symbol),
    fromDt: wish.from > `${month}-01` ? wish.from : `${month}-01`,
    toDt: wish.to < `${month}-31` ? wish.to : `${month}-31`,
  }
  return raiseTasks(node.db, wish.dataset, range, wish.place, node.now())
}

async function countExplained(
  node: Node,
  wish: Wish,
  { month, mask }: Wish['months'][number],
  alive: Wish['lives'],
  found: Found,
  done: Enqueued,
): Promise<void> {
  if (found.explained.length === 0) return
  const slice = { column: 0, month, mask, days: 0, byRule: 0 as const }
  for (const { reason, isSettled, cells } of await tallyReasons(node.db, wish.dataset, alive, [slice])) {
    if (isSettled === 1) done.explained[reason] = (done.explained[reason] ?? 0) + cells
  }
}
