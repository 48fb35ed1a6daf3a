/** The first task of the queue that a vendor may take now, found without walking past what it may not take. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { fixed } from '../compile.ts'
import { isFree, type QueuedTask, taskColumns, type VendorReach } from './claimable.ts'
import { openTurns, type Turns } from './open-turns.ts'
import { firstTasks, isReopening, onShelfOf, openShelves, reopenTasks, shelve } from './shelves.ts'

const WALK = 64
/** Tasks of one shelf moved at the most, growing from a walk to this while there is no end of them. */
const MOVED = 4_000

/** A task and its place in the queue, with whether the vendor may take it. */
interface Place extends QueuedTask {
  turn: number
  isFree: 0 | 1
}

/** The first task that stands on one shelf, nulls for no shelf at all; beside it, whether tasks are to be put elsewhere. */
type Glance = { isReopening: 0 | 1 } & (Place | { id: null })

/** Where one shelf begins, as a vendor sees it. */
interface Front extends QueuedTask {
  closedTo: string
  turn: number
  from: number
  before: number
  /** The last turn that was looked at; null when that was all of the shelf. */
  lookedTo: number | null
}

/** A shelf on which nothing was found has the lane and the priority of the shelf, and no id. */
type MaybeFront = Omit<Front, 'id'> & { id: number | null }

/**
 * As a rule nothing stands in the way: then the first task of the first shelf is the head. `walk`: otherwise, tasks of one shelf looked at
 * before those that are not free are put on another one.
 */
export async function findHead(db: Db, reach: VendorReach, walk: number = WALK): Promise<QueuedTask | undefined> {
  const glances = await db.all<Glance>(firstOfShelves({ ...reach }))
  const mustReopen = glances.some(({ isReopening }) => isReopening === 1)
  const first = glances
    .filter((one): one is Glance & Place => one.id !== null)
    .reduce<(Glance & Place) | undefined>((best, one) => (best && !isBefore(one, best) ? best : one), undefined)
  if (mustReopen) await reopenTasks(db, reach.now)
  else if (!first) return undefined
  else if (first.isFree === 1) return taskOf(first)
  return await walkToHead(db, reach, walk)
}

const firstOfShelves = fixed<keyof VendorReach>(
  ({ vendor, dataset, fromDt, toDt, lane, now }) => sql`
    WITH RECURSIVE ${firstTasks({ vendor, dataset, lane })}
    SELECT r.is_reopening AS isReopening, ${taskColumns}, t.turn, ${isFree({ vendor, now })} AND t.dt BETWEEN ${fromDt} AND ${toDt} AS isFree
    FROM (SELECT ${isReopening(now)} AS is_reopening) r LEFT JOIN firsts f LEFT JOIN gap_tasks t ON t.id = f.id`,
)

async function walkToHead(db: Db, reach: VendorReach, walk: number): Promise<QueuedTask | undefined> {
  const turns = await openTurns(db, reach)
  if (turns.length === 0) return undefined
  for (let moved = walk + 1; ; moved = Math.min(MOVED, moved * 4)) {
    const fronts = await frontsOf(db, reach, turns, walk)
    const heads = fronts.filter((front): front is Front => front.id !== null)
    const head = heads.reduce<Front | undefined>(
      (best, front) => (best && !isBefore(front, best) ? best : front),
      undefined,
    )
    // When there is no head at all, every shelf is cleared: when its tasks may be taken is known only of those put elsewhere.
    const blocked = fronts.filter(
      (front) => front.id === null && (!head || (front.lookedTo !== null && !isBehind(front, head))),
    )
    if (blocked.length === 0 || !(await clear(db, reach, blocked, moved))) return head && taskOf(head)
  }
}

/** The beginning of every shelf the vendor may look on, one row for each stretch of its turns. */
async function frontsOf(db: Db, reach: VendorReach, turns: readonly Turns[], walk: number): Promise<MaybeFront[]> {
  const onShelf = onShelfOf(reach)
  return await db.all<MaybeFront>(sql`
    WITH RECURSIVE ${openShelves(reach)},
      stretches AS MATERIALIZED (
        SELECT s.closed_to, s.lane, s.priority, d.value->>'from' AS from_turn, d.value->>'before' AS before_turn
        FROM shelves s CROSS JOIN json_each(${JSON.stringify(turns)}) d),
      walks AS MATERIALIZED (
        SELECT s.*, (SELECT t.turn ${onShelf} AND ${inStretch} ORDER BY t.turn, t.id LIMIT 1 OFFSET ${walk}) AS looked_to FROM stretches s)
    SELECT s.closed_to AS closedTo, s.from_turn AS "from", s.before_turn AS "before", t.turn, s.looked_to AS lookedTo, ${taskColumns}, s.lane, s.priority
    FROM walks s LEFT JOIN gap_tasks t ON t.id = (
      SELECT t.id ${onShelf} AND ${inStretch} AND t.turn <= coalesce(s.looked_to, s.before_turn) AND ${isFree(reach)}
        AND t.dt BETWEEN ${reach.fromDt} AND ${reach.toDt}
      ORDER BY t.turn, t.id LIMIT 1)`)
}

const inStretch = sql`t.priority = s.priority AND t.turn >= s.from_turn AND t.turn < s.before_turn`

/** Puts what is not free at the front of shelves where it belongs. False when there was nothing to move after all. */
async function clear(db: Db, reach: VendorReach, fronts: readonly MaybeFront[], most: number): Promise<boolean> {
  const moved = await db.write(
    fronts.map(
      ({ closedTo, lane, priority, from, before }) => sql`UPDATE gap_tasks SET ${shelve(reach.now)} WHERE id IN (
        SELECT t.id FROM (SELECT * FROM gap_tasks t INDEXED BY gap_tasks_queue
          WHERE t.state = 'queued' AND t.dataset = ${reach.dataset} AND t.closed_to = ${closedTo} AND t.lane = ${lane}
            AND t.priority = ${priority} AND t.turn >= ${from} AND t.turn < ${before} ORDER BY t.turn, t.id LIMIT ${most}) t
        WHERE NOT (${isFree(reach)})) RETURNING closed_to AS closedTo`,
    ),
  )
  return moved.some((rows, at) => rows.some(({ closedTo }) => closedTo !== fronts[at]?.closedTo))
}

type Shelf = Pick<QueuedTask, 'lane' | 'priority'>
type Placed = Pick<Place, 'lane' | 'priority' | 'turn' | 'id'>

const isSooner = (a: Shelf, b: Shelf): boolean | null => {
  if (a.lane !== b.lane) return a.lane === 'today'
  return a.priority === b.priority ? null : a.priority > b.priority
}

/** Lane `today` first, then priority, then the day whose turn it is, then first come. */
const isBefore = (a: Placed, b: Placed): boolean =>
  isSooner(a, b) ?? (a.turn === b.turn ? a.id < b.id : a.turn < b.turn)

const isBehind = (shelf: Shelf, head: Shelf): boolean => isSooner(shelf, head) === false

const taskOf = ({ id, symbol, dt, days, lane, priority, expectedRows, reason, attempts }: QueuedTask): QueuedTask => ({
  id,
  symbol,
  dt,
  days,
  lane,
  priority,
  expectedRows,
  reason,
  attempts,
})
