/** Which curated partitions belong in a bundle, and whether a file may travel as it is. Knows the ledger, writes nothing. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'

/** What the ledger vouches for in one partition, up to the as-of day. */
export interface Vouched {
  /** The curated file the verdicts are about; null when they are about none or about several. */
  sha256: string | null
  /** Rows of that file that belong to cells which may travel. */
  rows: number
}

/** A partition as the database knows it: its files count only with these digests. */
export interface PartitionRecord {
  /** `2024` or `2024-07-03`. */
  partition: string
  /** Null where it has no curated file. */
  curatedSha256: string | null
  /** Null where it has no verdicts. */
  ledgerSha256: string | null
  /** Why it is not as it should be, in words; null when it is. */
  behind: string | null
  /** The last try to curate or judge it failed: it is tried again before a bundle goes without. */
  hasFailed?: boolean
  /** Another one after every change of its cells and after every curation; absent or null while it waits to be curated. */
  edition?: string | null
}

/** A dataset as a bundle shows it. */
export interface BundledDataset {
  name: DatasetName
  spec: DatasetConfig
  /** Those that begin at or before the as-of day, sorted. */
  partitions: readonly PartitionRecord[]
  /** Cells expected up to the as-of day. */
  expectedCells: number
  /** The days expected of each symbol: what left them was withdrawn by a person. */
  ranges: readonly { symbol: string; fromDt: Dt; toDt: Dt }[]
}

/** The key of the partition that holds a row of the ledger. */
export const partitionSql = (kind: DatasetConfig['partition']): string =>
  kind === 'year' ? `strftime(dt, '%Y')` : `strftime(dt, '%Y-%m-%d')`

/** The ledger's word on every partition of a dataset that has rows, by key. */
export async function vouchedPartitions(
  lake: Lake,
  ledger: string,
  dataset: DatasetName,
  spec: DatasetConfig,
  asof: Dt,
): Promise<Map<string, Vouched>> {
  const key = partitionSql(spec.partition)
  const rows = await lake.duck.all<{ key: string; sha256: string | null; rows: number }>(
    `WITH judged AS (
       SELECT ${key} AS key, min(sha256) AS one, max(sha256) AS other FROM ${readParquet(ledger)}
       WHERE dataset = ${sqlText(dataset)} AND "rows" > 0 GROUP BY ALL
     ), good AS (
       SELECT ${key} AS key, sum("rows")::BIGINT AS "rows" FROM (${exportableSql(ledger, dataset, spec, asof)}) GROUP BY ALL
     )
     SELECT key, IF(one = other, one, NULL) AS sha256, coalesce(g."rows", 0) AS "rows" FROM judged LEFT JOIN good g USING (key)`,
  )
  return new Map(rows.map(({ key: name, sha256, rows: count }) => [name, { sha256, rows: count }]))
}

/**
 * Cells that may travel, with the curated rows each of them has. A wide row of values belongs to all groups of its day at once, so it
 * counts as one row and travels only when none of them is held.
 */
function exportableSql(ledger: string, dataset: DatasetName, spec: DatasetConfig, asof: Dt): string {
  const cells = `FROM ${readParquet(ledger)} WHERE dataset = ${sqlText(dataset)} AND "rows" > 0 AND dt <= DATE ${sqlText(asof)}`
  return spec.expected_rows === 'series'
    ? `SELECT dt, 1 AS "rows" ${cells} GROUP BY dt HAVING bool_and(status <> 'RED')`
    : `SELECT symbol, dt, "rows" ${cells} AND status <> 'RED'`
}

/** The rows of a curated file that may travel, in the order curation gave them. */
export function filteredSql(file: string, ledger: string, dataset: DatasetName, spec: DatasetConfig, asof: Dt): string {
  const cells = exportableSql(ledger, dataset, spec, asof)
  const from = `${readParquet(file)} f`
  return spec.expected_rows === 'series'
    ? `SELECT f.* FROM ${from} SEMI JOIN (${cells}) c ON c.dt = f.date ORDER BY f.date`
    : `SELECT f.* FROM ${from} SEMI JOIN (${cells}) c ON c.symbol = f.symbol AND c.dt = f.dt ORDER BY f.symbol, f.dt, ${spec.key.map((name) => `f."${name}"`).join(', ')}`
}
