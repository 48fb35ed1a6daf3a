/** What is recorded of each partition's curated file and verdicts. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface RecordedPartition {
  partition: string
  /** Of the curated file; null where no row was left for one. */
  sha256: string | null
  rows: number
  /** True while curation has work with it: the recorded file may have been replaced already. */
  isTouched: boolean
  /** Of its part of the ledger; null while QC has not judged what is curated now. */
  ledgerSha256: string | null
}

/** Those of a dataset that are expected and were curated at least once, by key. */
export async function listRecorded(db: Db, dataset: string): Promise<RecordedPartition[]> {
  const rows = await db.all<Omit<RecordedPartition, 'isTouched'> & { isTouched: number }>(
    sql`SELECT partition, curated_sha256 AS sha256, coalesce(curated_rows, 0) AS rows, version > curated_version AS isTouched,
          CASE WHEN checked_version = curated_version THEN ledger_sha256 END AS ledgerSha256
        FROM partitions WHERE dataset = ${dataset} AND curated_version > 0 AND retired_at IS NULL ORDER BY partition`,
  )
  return rows.map((row) => ({ ...row, isTouched: row.isTouched === 1 }))
}
