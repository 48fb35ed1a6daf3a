/** The ledger: one row per judged cell of all partitions, in one file, made of the fragments the partitions own. */
import { access } from 'node:fs/promises'
import { adoptTemp, makeFolderOf } from '../_lake/atomic.ts'
import { sha256OfFile } from '../_lake/digest.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { ledgerFile } from '../_lake/paths.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Status } from '../_market/status.ts'
import { LEDGER_COLUMNS, LEDGER_FORMAT } from './fragment.ts'

export interface LedgerCount {
  dataset: DatasetName
  status: Status
  /** Set where a cell is absent and explained. */
  reason: string | null
  /** Null where a cell is absent. */
  vendor: string | null
  cells: number
  rows: number
}

/**
 * Writes qc/partition_status.parquet from the given fragments, sorted by dataset, symbol and day. A ledger without fragments has no rows but all
 * columns. The old file stays until the new one is whole. Who calls it has checked that these are the fragments which were recorded: a listing
 * of the folder would take a lost fragment for a partition that nobody judged.
 */
export async function consolidateLedger(
  lake: Lake,
  fragments: readonly string[],
): Promise<{ path: string; rows: number; sha256: string }> {
  const path = ledgerFile(lake.root)
  await makeFolderOf(path)
  const temp = tempBeside(path)
  await lake.duck.run(`COPY (${consolidatedSql(fragments.toSorted())}) TO ${sqlText(temp)} ${LEDGER_FORMAT}`)
  await adoptTemp(temp, path)
  const [counted] = await lake.duck.all<{ rows: number }>(`SELECT count(*) AS rows FROM ${readParquet(path)}`)
  return { path, rows: counted?.rows ?? 0, sha256: await sha256OfFile(path) }
}

/** How many cells and rows the consolidated ledger holds by dataset, status, reason and vendor; nothing before the first consolidation. */
export async function ledgerCounts(lake: Lake): Promise<LedgerCount[]> {
  const path = ledgerFile(lake.root)
  const exists = await access(path).then(
    () => true,
    () => false,
  )
  if (!exists) return []
  return lake.duck.all<LedgerCount & Record<string, unknown>>(
    `SELECT dataset, status, reason, vendor, count(*) AS cells, sum("rows")::BIGINT AS "rows"
     FROM ${readParquet(path)} GROUP BY ALL ORDER BY ALL`,
  )
}

const consolidatedSql = (fragments: readonly string[]): string =>
  `SELECT * FROM ${fragments.length === 0 ? NO_ROWS : ledgerRowsSql(fragments)} ORDER BY dataset, symbol, dt`

const NO_ROWS = `(SELECT ${Object.entries(LEDGER_COLUMNS).map(([name, type]) => `NULL::${type} AS "${name}"`)} WHERE false)`

/**
 * The rows of ledger files in the columns of today: files of older versions lack some, and stay until their partition is judged again. Their instants are
 * not marked as UTC, which they are; DuckDB's zone is UTC, so the cast marks them.
 */
export function ledgerRowsSql(files: readonly string[]): string {
  const list = Object.entries(LEDGER_COLUMNS).map(([name, type]) => `"${name}"::${type} AS "${name}"`)
  return `(SELECT ${list.join(', ')} FROM (
    SELECT * FROM ${readParquet(files, { unionByName: true })} UNION ALL BY NAME SELECT * FROM ${NO_ROWS}))`
}
