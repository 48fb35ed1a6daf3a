/** The tasks of a dataset that could ride on a vendor's next call: those of the head's symbol, and those whose turn comes from the head's on. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { claimableBy, isFree, type QueuedTask, taskColumns, type VendorReach } from './claimable.ts'
import { openShelves } from './shelves.ts'

/** Tasks looked at for each that is wanted: however many are not free, a claim stays short. */
const LOOKS = 4

interface Shelf {
  closedTo: string
  lane: string
  priority: number
}

/**
 * By day, then symbol; at most `limit` in the order of the queue, and as many of its symbol. Every shelf is read in the order of its index:
 * sorting a whole queue would cost more than the call that is planned.
 */
export async function findNeighbours(
  db: Db,
  reach: VendorReach,
  head: QueuedTask,
  limit: number,
): Promise<QueuedTask[]> {
  const shelves = await db.all<Shelf>(
    sql`WITH RECURSIVE ${openShelves(reach)} SELECT closed_to AS closedTo, lane, priority FROM shelves`,
  )
  const { dataset, fromDt, toDt } = reach
  const headsTurn = sql`(SELECT h.turn FROM gap_tasks h WHERE h.id = ${head.id})`
  const onShelves = shelves.map(
    ({ closedTo, lane, priority }) => sql`SELECT ${inColumns} FROM (SELECT ${taskColumns}
      FROM (SELECT * FROM gap_tasks t INDEXED BY gap_tasks_queue
        WHERE t.state = 'queued' AND t.dataset = ${dataset} AND t.closed_to = ${closedTo} AND t.lane = ${lane}
          AND t.priority = ${priority} AND t.turn >= ${headsTurn} ORDER BY t.turn, t.id LIMIT ${LOOKS * limit}) t
      WHERE t.dt BETWEEN ${fromDt} AND ${toDt} AND ${isFree(reach)} LIMIT ${limit + 1})`,
  )
  // That an open task is not done is said in the words of the index, or it would not be used.
  const ofSymbol = sql`SELECT ${inColumns} FROM (SELECT ${taskColumns} ${claimableBy(reach)}
    AND t.symbol = ${head.symbol} AND t.done_at IS NULL ORDER BY t.dt LIMIT ${limit + 1})`
  const found = await db.all<InColumns>(sql.join([...onShelves, ofSymbol], sql` UNION ALL `))
  // The head is among them.
  const tasks = new Map(found.flatMap(inRows).map((task) => [task.id, task]))
  tasks.delete(head.id)
  let others = 0
  return [...tasks.values()].filter(({ symbol }) => symbol === head.symbol || others++ < limit).sort(byDayAndSymbol)
}

/** Thousands of rows cost more to hand over than to find: each column comes as one text. */
type InColumns = Record<keyof QueuedTask, string>

const COLUMNS = ['id', 'symbol', 'dt', 'lane', 'priority', 'expectedRows', 'reason', 'attempts'] as const
const inColumns = sql.raw(COLUMNS.map((name) => `json_group_array(${name}) AS ${name}`).join(', '))

function inRows(columns: InColumns): QueuedTask[] {
  const [id = [], symbol = [], dt = [], lane = [], priority = [], expectedRows = [], reason = [], attempts = []] =
    COLUMNS.map((name) => JSON.parse(columns[name]) as never[])
  return id.map((one, at) => ({
    id: one,
    symbol: symbol[at]!,
    dt: dt[at]!,
    lane: lane[at]!,
    priority: priority[at]!,
    expectedRows: expectedRows[at]!,
    reason: reason[at]!,
    attempts: attempts[at]!,
  }))
}

const byDayAndSymbol = (a: QueuedTask, b: QueuedTask): number => {
  if (a.dt !== b.dt) return a.dt < b.dt ? -1 : 1
  if (a.symbol !== b.symbol) return a.symbol < b.symbol ? -1 : 1
  return 0
}
