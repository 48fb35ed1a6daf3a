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
