/** Work on partitions: what is touched, what is unchecked, and the fenced endings of both. */
import { eq, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { partitions } from './table.ts'

export interface PartitionWork {
  dataset: string
  partition: string
  version: number
  curatedSha256: string | null
}

const touched = sql`version > curated_version`
const unchecked = sql`curated_version = version AND checked_version < version`

/** Records what the calendar and the universe expect; a partition whose fingerprint changed is touched. Answers how many. */
export async function expectPartitions(
  db: Db,
  dataset: string,
  expected: readonly { partition: string; expected: string }[],
  now: number,
): Promise<number> {
  if (expected.length === 0) return 0
  const results = await db.write([
    sql`INSERT INTO partitions (dataset, partition, version, touched_at, expected)
        SELECT ${dataset}, value->>'partition', 1, ${now}, value->>'expected'
        FROM json_each(${JSON.stringify(expected)}) WHERE true
        ON CONFLICT DO UPDATE SET version = version + 1, touched_at = excluded.touched_at, expected = excluded.expected
          WHERE partitions.expected <> excluded.expected
        RETURNING partition`,
  ])
  return results[0]?.length ?? 0
}

/** Partitions that are known but not among the expected ones, and that nobody is working on. */
export const unexpectedPartitions = (
  db: Db,
  expected: readonly { dataset: string; partition: string }[],
): Promise<{ dataset: string; partition: string }[]> =>
  db.all(sql`
    SELECT dataset, partition FROM partitions WHERE lease_token IS NULL AND (dataset, partition) NOT IN (
      SELECT value->>'dataset', value->>'partition' FROM json_each(${JSON.stringify(expected)}))
    ORDER BY dataset, partition`)

/** Forgets partitions, except those somebody took up meanwhile. Answers how many. */
export async function forgetPartitions(
  db: Db,
  partitions: readonly { dataset: string; partition: string }[],
): Promise<number> {
  if (partitions.length === 0) return 0
  const results = await db.write([
    sql`DELETE FROM partitions WHERE lease_token IS NULL AND (dataset, partition) IN (
          SELECT value->>'dataset', value->>'partition' FROM json_each(${JSON.stringify(partitions)}))
        RETURNING partition`,
  ])
  return results[0]?.length ?? 0
}

async function lease(db: Db, due: SQL, token: string, now: number, until: number): Promise<PartitionWork | undefined> {
  const [rows] = await db.write([
    sql`UPDATE partitions SET lease_token = ${token}, lease_expires_at = ${until}
        WHERE (dataset, partition) = (SELECT dataset, partition FROM partitions
          WHERE ${due} AND lease_expires_at <= ${now} ORDER BY touched_at, dataset, partition LIMIT 1)
        RETURNING dataset, partition, version, curated_sha256 AS curatedSha256`,
  ])
  return rows?.[0] as PartitionWork | undefined
}

export const leaseTouched = (db: Db, token: string, now: number, until: number): Promise<PartitionWork | undefined> =>
  lease(db, touched, token, now, until)

export const leaseUnchecked = (db: Db, token: string, now: number, until: number): Promise<PartitionWork | undefined> =>
  lease(db, unchecked, token, now, until)

export async function countWork(db: Db): Promise<{ touched: number; unchecked: number }> {
  const [row] = await db.all<{ touched: number; unchecked: number }>(
    sql`SELECT coalesce(sum(${touched}), 0) AS touched, coalesce(sum(${unchecked}), 0) AS unchecked FROM partitions`,
  )
  return row ?? { touched: 0, unchecked: 0 }
}

/** Every lease on a partition: only at the start of a process that owns the database alone. */
export async function releaseAllPartitions(db: Db): Promise<void> {
  await db.write([sql`UPDATE partitions SET lease_token = NULL, lease_expires_at = 0 WHERE lease_token IS NOT NULL`])
}

export interface CuratedMark {
  sha256: string | null
  rows: number
}

/** Records the version that was curated; false when the lease had passed on. A change meanwhile leaves it touched. */
export async function markCurated(
  db: Db,
  work: PartitionWork,
  token: string,
  made: CuratedMark,
  now: number,
): Promise<boolean> {
  const [rows] = await db.write([
    sql`UPDATE partitions SET curated_version = ${work.version}, curated_sha256 = ${made.sha256}, curated_rows = ${made.rows},
          curated_at = ${now}, lease_token = NULL, lease_expires_at = 0
        WHERE dataset = ${work.dataset} AND partition = ${work.partition} AND lease_token = ${token}
        RETURNING partition`,
  ])
  return (rows?.length ?? 0) > 0
}

/** Lets go of a partition without an ending, for another try after `until`. */
export async function releasePartition(db: Db, work: PartitionWork, token: string, until: number): Promise<void> {
  await db.write([
    sql`UPDATE partitions SET lease_token = NULL, lease_expires_at = ${until}
        WHERE dataset = ${work.dataset} AND partition = ${work.partition} AND lease_token = ${token}`,
  ])
}

/** The curated partitions of a dataset, by key. */
export const listPartitions = async (
  db: Db,
  dataset: string,
): Promise<{ partition: string; curatedRows: number | null }[]> =>
  db.orm
    .select({ partition: partitions.partition, curatedRows: partitions.curatedRows })
    .from(partitions)
    .where(eq(partitions.dataset, dataset))
    .orderBy(partitions.partition)
