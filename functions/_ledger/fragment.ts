/** The part of the ledger that one partition owns: its columns, and how it is written. */
import { rm } from 'node:fs/promises'
import { adoptTemp, makeFolderOf } from '../_lake/atomic.ts'
import { sha256OfFile } from '../_lake/digest.ts'
import type { Lake } from '../_lake/lake.ts'
import { parquetSchema, readParquet } from '../_lake/parquet-sql.ts'
import { ledgerFragment } from '../_lake/paths.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import type { DatasetName } from '../_market/cell.ts'

/** Columns of the ledger and of each fragment, in file order. `rows` counts every curated row, `expected_rows` the regular ones. */
export const LEDGER_COLUMNS = {
  dataset: 'VARCHAR',
  symbol: 'VARCHAR',
  dt: 'DATE',
  status: 'VARCHAR',
  flags: 'VARCHAR',
  reason: 'VARCHAR',
  expected_rows: 'INTEGER',
  rows: 'INTEGER',
  vendor: 'VARCHAR',
  feed: 'VARCHAR',
  adjustment: 'VARCHAR',
  sha256: 'VARCHAR',
  digest: 'VARCHAR',
  provisional: 'BOOLEAN',
  second_vendor: 'VARCHAR',
  action: 'VARCHAR',
  ruleset: 'VARCHAR',
  checked_at: 'TIMESTAMPTZ',
} as const

/** Query of those columns without rows. */
export const NO_ROWS = `(SELECT ${Object.entries(LEDGER_COLUMNS).map(([name, type]) => `NULL::${type} AS "${name}"`)} WHERE false)`

/** How DuckDB writes a ledger file; row groups small enough for a reader that wants one symbol. */
export const LEDGER_FORMAT = '(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000, USE_TMP_FILE false)'

/**
 * Writes the fragment from a joined source that has the measured cell as `c` and its verdict as `v`. Sorted by symbol and day;
 * `sha256` is that of the curated file and stands only where the cell has rows.
 */
export async function writeFragment(
  lake: Lake,
  request: {
    dataset: DatasetName
    partition: string
    qc: { ruleset: string }
    checkedAt: number
    ledgerSha256?: string | null
  },
  judged: string,
  sha256: string | null,
): Promise<{ path: string; sha256: string }> {
  const path = ledgerFragment(lake.root, request.dataset, request.partition)
  await makeFolderOf(path)
  const temp = tempBeside(path)
  const values: Record<keyof typeof LEDGER_COLUMNS, string> = {
    dataset: sqlText(request.dataset),
    symbol: 'c.symbol',
    dt: 'c.dt',
    status: 'v.status',
    flags: 'v.flags',
    reason: 'c.reason',
    expected_rows: 'c.expected_rows',
    rows: 'c.row_count',
    vendor: 'c.vendor',
    feed: 'c.feed',
    adjustment: 'c.adjustment',
    sha256: sha256 === null ? 'NULL' : `IF(c.row_count > 0, ${sqlText(sha256)}, NULL)`,
    digest: 'c.digest',
    provisional: 'c.provisional',
    second_vendor: 'c.second_vendor',
    action: 'v.action',
    ruleset: sqlText(request.qc.ruleset),
    checked_at: `make_timestamptz(${Math.trunc(request.checkedAt) * 1000})`,
  }
  const list = Object.entries(LEDGER_COLUMNS).map(([name, type]) => {
    const value = values[name as keyof typeof LEDGER_COLUMNS]
    return `(${value})::${type} AS "${name}"`
  })
  await lake.duck.run(
    `COPY (SELECT ${list.join(', ')} FROM ${judged} ORDER BY c.symbol, c.dt) TO ${sqlText(temp)} ${LEDGER_FORMAT}`,
  )
  if (request.ledgerSha256 && (await saysTheSame(lake, temp, path, request.ledgerSha256))) {
    await rm(temp, { force: true })
    return { path, sha256: request.ledgerSha256 }
  }
  await adoptTemp(temp, path)
  return { path, sha256: await sha256OfFile(path) }
}

/** Does the recorded fragment lie there, and differ in nothing but the instant? Then it stays, and so do the hard links of bundles. */
async function saysTheSame(lake: Lake, made: string, path: string, recorded: string): Promise<boolean> {
  const found = await sha256OfFile(path).catch(() => null)
  if (found !== recorded) return false
  // A fragment of an older version lacks columns: it is written anew.
  const names = async (file: string): Promise<string> =>
    JSON.stringify(await lake.duck.all(`SELECT name FROM ${parquetSchema(file)}`))
  if ((await names(made)) !== (await names(path))) return false
  const rows = (file: string): string => `SELECT * EXCLUDE (checked_at) FROM ${readParquet(file)}`
  const [other] = await lake.duck.all<{ n: number }>(
    `SELECT count(*) AS n FROM ((${rows(made)} EXCEPT ALL ${rows(path)}) UNION ALL (${rows(path)} EXCEPT ALL ${rows(made)}))`,
  )
  return other?.n === 0
}
