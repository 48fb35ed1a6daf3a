/** Work on partitions: what is touched, what is unchecked, and the fenced endings of both. */
import { and, eq, isNull, type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { partitions } from './table.ts'

export interface PartitionWork {
  dataset: string
  partition: string
  version: number
  curatedSha256: string | null
  contextVersion: number
  ledgerSha256: string | null
}

/** Which partitions are whose work. */
export const TOUCHED = sql`retired_at IS NULL AND version > curated_version`
export const UNCHECKED = sql`retired_at IS NULL AND curated_version = version
  AND (checked_version < version OR checked_context < context_version OR ledger_sha256 IS NULL)`

export interface PartitionKey {
  dataset: string
  partition: string
}

/** Records what the calendar and the universe expect; a partition whose fingerprint changed, or that was retired, is touched. Returns how many. */
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
        ON CONFLICT DO UPDATE SET version = version + 1, touched_at = excluded.touched_at, expected = excluded.expected, retired_at = NULL
          WHERE partitions.expected <> excluded.expected OR partitions.retired_at IS NOT NULL
        RETURNING partition`,
  ])
  return results[0]?.length ?? 0
}

/** Partitions that are known, not retired and not among the expected ones, and that nobody is working on. */
export const unexpectedPartitions = (db: Db, expected: readonly PartitionKey[]): Promise<PartitionKey[]> =>
  db.all(sql`
    SELECT dataset, partition FROM partitions WHERE retired_at IS NULL AND lease_token IS NULL AND (dataset, partition) NOT IN (
      SELECT value->>'dataset', value->>'partition' FROM json_each(${JSON.stringify(expected)}))
    ORDER BY dataset, partition`)

/** Retires partitions, except those somebody took up meanwhile. Returns how many. */
export async function retirePartitions(db: Db, partitions: readonly PartitionKey[], now: number): Promise<number> {
  if (partitions.length === 0) return 0
  const results = await db.write([
    sql`UPDATE partitions SET retired_at = ${now} WHERE retired_at IS NULL AND lease_token IS NULL AND (dataset, partition) IN (
          SELECT value->>'dataset', value->>'partition' FROM json_each(${JSON.stringify(partitions)}))
        RETURNING partition`,
  ])
  return results[0]?.length ?? 0
}

/** What a worker is told of its partition. */
export const WORK = sql`dataset, partition, version, curated_sha256 AS curatedSha256, context_version AS contextVersion, ledger_sha256 AS ledgerSha256`

async function lease(
  db: Db,
  due: SQL,
  token: string,
  now: number,
  until: number,
  only?: PartitionKey,
): Promise<PartitionWork | undefined> {
  const wanted = only ? sql`AND dataset = ${only.dataset} AND partition = ${only.partition}` : sql``
  const [rows] = await db.write([
    sql`UPDATE partitions SET lease_token = ${token}, lease_expires_at = ${until}
        WHERE (dataset, partition) = (SELECT dataset, partition FROM partitions
          WHERE ${due} AND lease_expires_at <= ${now} ${wanted} ORDER BY touched_at, dataset, partition LIMIT 1)
        RETURNING ${WORK}`,
  ])
  return rows?.[0] as PartitionWork | undefined
}

/** The partition touched longest ago that may be tried now, or `only` this one. The lease lapses at `until` (epoch ms). */
export const leaseTouched = (
  db: Db,
  token: string,
  now: number,
  until: number,
  only?: PartitionKey,
): Promise<PartitionWork | undefined> => lease(db, TOUCHED, token, now, until, only)

export const leaseUnchecked = (
  db: Db,
  token: string,
  now: number,
  until: number,
  only?: PartitionKey,
): Promise<PartitionWork | undefined> => lease(db, UNCHECKED, token, now, until, only)

export async function countWork(db: Db): Promise<{ touched: number; unchecked: number }> {
  const [row] = await db.all<{ touched: number; unchecked: number }>(
    sql`SELECT coalesce(sum(${TOUCHED}), 0) AS touched, coalesce(sum(${UNCHECKED}), 0) AS unchecked FROM partitions`,
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

/** Lets go of a partition without an ending and without blame, for another try after `until`. */
export async function releasePartition(db: Db, work: PartitionWork, token: string, until: number): Promise<void> {
  await db.write([
    sql`UPDATE partitions SET lease_token = NULL, lease_expires_at = ${until}
        WHERE dataset = ${work.dataset} AND partition = ${work.partition} AND lease_token = ${token}`,
  ])
}

/** The partitions of a dataset that are not retired, by key. */
export const listPartitions = async (
  db: Db,
  dataset: string,
): Promise<{ partition: string; curatedRows: number | null }[]> =>
  db.orm
    .select({ partition: partitions.partition, curatedRows: partitions.curatedRows })
    .from(partitions)
    .where(and(eq(partitions.dataset, dataset), isNull(partitions.retiredAt)))
    .orderBy(partitions.partition)
