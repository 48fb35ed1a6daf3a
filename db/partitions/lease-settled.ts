/** Keeps curation and QC away from a partition that neither of them waits for, while its raw files are put elsewhere. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { type PartitionKey, type PartitionWork, TOUCHED, UNCHECKED, WORK } from './partitions.ts'

/** `busy`: it waits to be curated or judged, or somebody works on it. `unknown`: there is no such partition, so nobody will. The lease lapses at `until` (epoch ms). */
export async function leaseSettled(
  db: Db,
  { dataset, partition }: PartitionKey,
  token: string,
  now: number,
  until: number,
): Promise<PartitionWork | 'busy' | 'unknown'> {
  const isIt = sql`dataset = ${dataset} AND partition = ${partition}`
  const [leased] = await db.write([
    sql`UPDATE partitions SET lease_token = ${token}, lease_expires_at = ${until}
        WHERE ${isIt} AND NOT (${TOUCHED}) AND NOT (${UNCHECKED}) AND lease_expires_at <= ${now}
        RETURNING ${WORK}`,
  ])
  if (leased?.[0] !== undefined) return leased[0] as unknown as PartitionWork
  return (await db.all(sql`SELECT 1 FROM partitions WHERE ${isIt}`)).length > 0 ? 'busy' : 'unknown'
}
