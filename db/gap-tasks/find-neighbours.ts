/** The other tasks of a dataset that could ride on a vendor's next call: those whose turn comes first, told by day and symbol. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { claimableBy, type QueuedTask, taskColumns, type VendorReach } from './claimable.ts'

export async function findNeighbours(db: Db, reach: VendorReach, headId: number, limit: number): Promise<QueuedTask[]> {
  const tasks = await db.all<QueuedTask>(
    sql`SELECT ${taskColumns} ${claimableBy(reach)} AND t.id <> ${headId} ORDER BY t.turn, t.symbol LIMIT ${limit}`,
  )
  const isByDay = tasks.every(({ dt }, at) => at === 0 || (tasks[at - 1] as QueuedTask).dt <= dt)
  return isByDay ? tasks : tasks.sort((a, b) => (`${a.dt} ${a.symbol}` < `${b.dt} ${b.symbol}` ? -1 : 1))
}
