/** The ledger: one row per judged cell of all partitions, in one file, made of the fragments that the partitions own. */
import { access } from 'node:fs/promises'
import { adoptTemp, makeFolderOf } from '../_lake/atomic.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { ledgerFile } from '../_lake/paths.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Status } from '../_market/status.ts'
import { rowGroups, rowsOfGroups } from '../_parquet/footer.ts'
import { LEDGER_COLUMNS, NO_ROWS } from './fragment.ts'
import { intactParts, type LedgerParts } from './ledger-parts.ts'
import { partsOf, sourceOf } from './part-names.ts'
import { type WantedPart, writeParts } from './write-parts.ts'

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

/** The part of the ledger that a partition owns, with the digest under which it was recorded. */
export interface Fragment {
  dataset: DatasetName
  partition: string
  path: string
  sha256: string
}

/**
 * Writes qc/partition_status.parquet from the given fragments, part by part, each sorted by dataset, symbol and day. Parts whose fragments are those of `old`
 * are copied from there; where all are, the file stays. A ledger without fragments has no rows but all columns. The old file stays until the new one is
 * whole. Who calls it has checked that the fragments are those which were recorded: a listing of the folder would take a lost fragment for a partition that
 * nobody judged.
 */
export async function consolidateLedger(
  lake: Lake,
  fragments: readonly Fragment[],
  old?: LedgerParts | null,
): Promise<{ path: string; rows: number }> {
  const path = ledgerFile(lake.root)
  const known = old === undefined ? await intactParts(path) : old
  const wanted = wantedParts(fragments)
  if (known !== null && isWhole(known, wanted)) return { path, rows: rowsOfGroups(rowGroups(known.footer)) }
  await makeFolderOf(path)
  const temp = tempBeside(path)
  const rows = await writeParts(lake, temp, wanted, known)
  await adoptTemp(temp, path)
  return { path, rows }
}

/** Every listed part is intact and wanted, in the same order: then so is the footer, which follows from them. */
function isWhole({ parts, footer }: LedgerParts, wanted: readonly WantedPart[]): boolean {
  const keys = (list: readonly { name: string; source: string }[]) =>
    list.map(({ name, source }) => `${name} ${source}`).join('\n')
  const groups = parts.reduce((sum, part) => sum + part.groups, 0)
  return keys(parts) === keys(wanted) && groups === rowGroups(footer).length
}

/** The fragments whose rows are read for the next ledger: those of parts that the old one does not have. */
export function fragmentsToRead(fragments: readonly Fragment[], old: LedgerParts | null): Fragment[] {
  const known = new Set(old?.parts.map(({ name, source }) => `${name} ${source}`))
  return [...partsOf(fragments)].flatMap(([name, own]) => (known.has(`${name} ${sourceOf(own)}`) ? [] : own))
}

function wantedParts(fragments: readonly Fragment[]): WantedPart[] {
  if (fragments.length === 0) return [NO_PART]
  return [...partsOf(fragments)].map(([name, own]) => ({
    name,
    source: sourceOf(own),
    sql: `SELECT * FROM ${ledgerRowsSql(own.map(({ path }) => path))}`,
    ...(own.length === 1 && { fragment: own[0]! }),
  }))
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

/** The only part of a ledger without rows. */
export const NO_PART: WantedPart = { name: 'none', source: sourceOf([]), sql: `SELECT * FROM ${NO_ROWS}` }

/**
 * The rows of ledger files in the columns of today: files of older versions lack some, and stay until their partition is judged again. Their instants are
 * not marked as UTC, which they are; DuckDB's zone is UTC, so the cast marks them.
 */
export function ledgerRowsSql(files: readonly string[]): string {
  const list = Object.entries(LEDGER_COLUMNS).map(([name, type]) => `"${name}"::${type} AS "${name}"`)
  return `(SELECT ${list.join(', ')} FROM (
    SELECT * FROM ${readParquet(files, { unionByName: true })} UNION ALL BY NAME SELECT * FROM ${NO_ROWS}))`
}
