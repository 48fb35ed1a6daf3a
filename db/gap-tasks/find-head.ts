/** The first task of the queue that a vendor may take now. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { claimableBy, type QueuedTask, queueOrder, taskColumns, type VendorReach } from './claimable.ts'

export async function findHead(db: Db, reach: VendorReach): Promise<QueuedTask | undefined> {
  const [head] = await db.all<QueuedTask>(
    sql`SELECT ${taskColumns} ${claimableBy(reach)} ORDER BY ${queueOrder} LIMIT 1`,
  )
  return head
}

/** Whether a vendor may take one task now. */
export const mayTake = async (db: Db, reach: VendorReach, id: number): Promise<boolean> =>
  (await db.all(sql`SELECT t.id ${claimableBy(reach)} AND t.id = ${id}`)).length > 0
