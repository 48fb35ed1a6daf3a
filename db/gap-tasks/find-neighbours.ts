/** The tasks of a dataset that could ride on a vendor's next call: those of the head's symbol, and those whose turn comes with the head's day or after it. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { claimableBy, type QueuedTask, taskColumns, type VendorReach } from './claimable.ts'

interface Kind {
  lane: string
  priority: number
}

/**
 * By day, then symbol; at most `limit`, those of the days nearest to the head's, and as many of its symbol. Every kind of task (lane and
 * priority) is read in the order of its index: sorting a whole queue would cost more than the call that is planned, and the days whose turn
 * comes first in the queue may be far from the head's.
 */
export async function findNeighbours(
  db: Db,
  reach: VendorReach,
  head: QueuedTask,
  limit: number,
): Promise<QueuedTask[]> {
  const turn = sql`(SELECT turn FROM gap_tasks WHERE id = ${head.id})`
  const parts = (await kindsOf(db, reach)).map(
    ({ lane, priority }) => sql`SELECT * FROM (SELECT ${taskColumns} ${claimableBy(reach)}
      AND t.lane = ${lane} AND t.priority = ${priority} AND t.turn >= ${turn} ORDER BY t.turn, t.symbol LIMIT ${limit + 1})`,
  )
  // That an open task is not done is said in the words of the index, or it would not be used.
  const ofSymbol = sql`SELECT * FROM (SELECT ${taskColumns} ${claimableBy(reach)}
    AND t.symbol = ${head.symbol} AND t.state <> 'done' ORDER BY t.dt LIMIT ${limit + 1})`
  const found = await db.all<QueuedTask>(sql`${sql.join([...parts, ofSymbol], sql` UNION ALL `)}`)
  // The head is among them.
  const tasks = new Map(found.map((task) => [task.id, task]))
  tasks.delete(head.id)
  return nearest([...tasks.values()].sort(byDayAndSymbol), head, limit)
}

function nearest(sorted: QueuedTask[], head: QueuedTask, limit: number): QueuedTask[] {
  if (sorted.length <= limit) return sorted
  const at = Date.parse(head.dt)
  const far = ({ dt }: QueuedTask): number => Math.abs(Date.parse(dt) - at)
  const others = sorted.filter(({ symbol }) => symbol !== head.symbol).sort((a, b) => far(a) - far(b))
  const left = new Set(others.slice(limit))
  return sorted.filter((task) => !left.has(task))
}

const byDayAndSymbol = (a: QueuedTask, b: QueuedTask): number =>
  a.dt < b.dt ? -1 : a.dt > b.dt ? 1 : a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0

/** Lanes and priorities that are queued: a handful, found by jumping from one to the next. */
async function kindsOf(db: Db, { dataset, lane }: VendorReach): Promise<Kind[]> {
  const highest = (below: SQL): SQL => sql`(SELECT max(t.priority) FROM gap_tasks t
    WHERE t.state = 'queued' AND t.dataset = ${dataset} AND t.lane = k.lane ${below})`
  const lanes = lane === null ? sql`SELECT 'today' AS lane UNION ALL SELECT 'backfill'` : sql`SELECT ${lane} AS lane`
  return await db.all<Kind>(sql`
    WITH RECURSIVE kinds (lane, priority) AS (
      SELECT k.lane, ${highest(sql``)} FROM (${lanes}) k
      UNION ALL
      SELECT k.lane, ${highest(sql`AND t.priority < k.priority`)} FROM kinds k WHERE k.priority IS NOT NULL)
    SELECT lane, priority FROM kinds WHERE priority IS NOT NULL`)
}
