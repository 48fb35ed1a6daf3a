/** What is recorded of each partition that is not retired: the digests its files must have, and how far it is behind. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface PartitionState {
  partition: string
  version: number
  curatedVersion: number
  checkedVersion: number
  /** Null where no row is left for a curated file. */
  curatedSha256: string | null
  curatedRows: number
  /** Null where it was never judged, or its ledger fragment was found damaged. */
  ledgerSha256: string | null
  lastError: string | null
  /** Epoch ms. */
  curatedAt: number | null
}

/** Those of a dataset, by key. */
export const listRecords = (db: Db, dataset: string): Promise<PartitionState[]> =>
  db.all(sql`
    SELECT partition, version, curated_version AS curatedVersion, checked_version AS checkedVersion,
      curated_sha256 AS curatedSha256, coalesce(curated_rows, 0) AS curatedRows, ledger_sha256 AS ledgerSha256, last_error AS lastError, curated_at AS curatedAt
    FROM partitions WHERE dataset = ${dataset} AND retired_at IS NULL ORDER BY partition`)
