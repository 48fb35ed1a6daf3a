/** Endings of work on a partition that went wrong: each counts, and the pause before the next try doubles. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { PartitionWork } from './partitions.ts'

const FIRST_PAUSE_MS = 60_000
const LONGEST_PAUSE_MS = 6 * 3_600_000
const MOST_DOUBLINGS = 9
const LONGEST_ERROR = 500

/** 1, 2, 4 … minutes up to 6 hours, by the failures before this one. */
const pause = sql.raw(`min(${FIRST_PAUSE_MS} << min(failures, ${MOST_DOUBLINGS}), ${LONGEST_PAUSE_MS})`)

const mine = ({ dataset, partition }: PartitionWork, token: string): SQL =>
  sql`dataset = ${dataset} AND partition = ${partition} AND lease_token = ${token}`

/** The work failed and is tried again after a pause. Returns that instant (epoch ms), null when the lease had passed on. */
export async function failPartition(
  db: Db,
  work: PartitionWork,
  token: string,
  error: string,
  now: number,
): Promise<number | null> {
  const [rows] = await db.write([
    sql`UPDATE partitions SET lease_token = NULL, lease_expires_at = ${now} + ${pause}, failures = failures + 1,
          last_error = ${error.slice(0, LONGEST_ERROR)}
        WHERE ${mine(work, token)} RETURNING lease_expires_at AS retryAt`,
  ])
  return (rows?.[0]?.retryAt as number | undefined) ?? null
}

/**
 * The curated file is not the one that was recorded: the partition is touched, so that curation makes it again. At once the first time; after that
 * with a pause, because a disk that gives back something else each time would have it made without end. False when the lease had passed on.
 */
export async function returnToCuration(
  db: Db,
  work: PartitionWork,
  token: string,
  error: string,
  now: number,
): Promise<boolean> {
  const [rows] = await db.write([
    sql`UPDATE partitions SET version = version + (version = curated_version), touched_at = ${now}, lease_token = NULL,
          lease_expires_at = CASE failures WHEN 0 THEN 0 ELSE ${now} + ${pause} END, failures = failures + 1,
          last_error = ${error.slice(0, LONGEST_ERROR)}
        WHERE ${mine(work, token)} RETURNING partition`,
  ])
  return (rows?.length ?? 0) > 0
}
