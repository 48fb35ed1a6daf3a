/** The other tasks of a dataset that could ride on a vendor's next call, oldest day first. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { claimableBy, type QueuedTask, taskColumns, type VendorReach } from './claimable.ts'

export async function findNeighbours(db: Db, reach: VendorReach, headId: number, limit: number): Promise<QueuedTask[]> {
  return await db.all<QueuedTask>(
    sql`SELECT ${taskColumns} ${claimableBy(reach)} AND t.id <> ${headId} ORDER BY t.dt, t.symbol LIMIT ${limit}`,
  )
}
