/** Which partitions of a dataset wait to be curated or judged. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { TOUCHED, UNCHECKED } from './partitions.ts'

export const waitingPartitions = async (db: Db, dataset: string): Promise<Set<string>> => {
  const rows = await db.all<{ partition: string }>(
    sql`SELECT partition FROM partitions WHERE dataset = ${dataset} AND ((${TOUCHED}) OR (${UNCHECKED}))`,
  )
  return new Set(rows.map(({ partition }) => partition))
}
