/** Removes a partition of which nothing is expected, unless somebody works on it: then what he makes is made again. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { PartitionKey } from './partitions.ts'

export async function dropPartition(db: Db, { dataset, partition }: PartitionKey): Promise<void> {
  await db.write([
    sql`DELETE FROM partitions WHERE dataset = ${dataset} AND partition = ${partition} AND lease_token IS NULL`,
  ])
}
