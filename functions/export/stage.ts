/** Turns vouched files into those of a bundle: rows that may not travel are cut out, and so is what the ledger does not vouch for. */
import { rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Lake } from '../_lake/lake.ts'
import { parquetFormat } from '../_lake/parquet-format.ts'
import { parquetFileMetadata } from '../_lake/parquet-sql.ts'
import { ledgerFile } from '../_lake/paths.ts'
import { sqlList, sqlText } from '../_lake/sql-text.ts'
import { footerTexts } from '../_market/column-meanings.ts'
import type { Dt } from '../_market/dt.ts'
import { type BundledDataset, filteredSql, partitionSql, vouchedPartitions } from './partitions.ts'
import { type BundleFile, described, linkOrCopy, type Partition, type Vouchers } from './stage-vouched.ts'

export const LEDGER_PATH = 'qc/partition_status.parquet'

/** Stages the whole ledger, linked, so that a consolidation that runs meanwhile cannot change what this bundle is made of. Returns its path. */
export async function stageLedger(lake: Lake, staging: string): Promise<string> {
  const path = join(staging, LEDGER_PATH)
  await linkOrCopy(ledgerFile(lake.root), path)
  return path
}

/**
 * Cuts the staged files of a dataset down to the rows that may travel; `ledger` is the whole one. A file whose bytes the ledger has no verdicts about
 * is removed and returned in `unjudged`: what nobody judged must not reach a trainer.
 */
export async function trimDataset(
  lake: Lake,
  staging: string,
  ledger: string,
  { name, spec }: BundledDataset,
  vouchers: Vouchers,
  asof: Dt,
): Promise<{ files: BundleFile[]; unjudged: Partition[] }> {
  const files: BundleFile[] = []
  const unjudged: Partition[] = []
  const vouched = await vouchedPartitions(lake, ledger, name, spec, asof)
  for (const file of vouchers.files.values()) {
    if (file.dataset !== name) continue
    const staged = join(staging, file.path)
    const word = vouched.get(file.partition)
    const isJudged = word === undefined || word.sha256 === file.sha256
    if (!isJudged) unjudged.push({ dataset: name, partition: file.partition })
    if (!isJudged || word === undefined || word.rows === 0) {
      await rm(dirname(staged), { recursive: true })
    } else if (word.rows === (vouchers.known.get(file.path) ?? (await rowsOf(lake, staged)))) {
      files.push({ ...file, rows: word.rows })
    } else {
      await rewrite(lake, staged, filteredSql(staged, ledger, name, spec, asof), footerTexts(name, spec.groups))
      files.push({ ...file, ...(await described(staging, file.path)), rows: await rowsOf(lake, staged) })
    }
  }
  return { files, unjudged }
}

/** A condition over a row of the ledger: its cell lies in one of the partitions. */
export function isOneOf(partitions: readonly Partition[]): string {
  const keys = new Map<string, string[]>()
  for (const { dataset, partition } of partitions) {
    const kind = partition.length === 4 ? 'year' : 'date'
    const place = `dataset = ${sqlText(dataset)} AND ${partitionSql(kind)}`
    keys.set(place, [...(keys.get(place) ?? []), partition])
  }
  return keys.size === 0
    ? 'false'
    : `(${[...keys].map(([place, list]) => `(${place} IN ${sqlList(list)})`).join(' OR ')})`
}

/** Replaces a staged file by a query over it. A new file is written beside it: the link must never be written through. */
export async function rewrite(lake: Lake, path: string, sql: string, texts?: Record<string, string>): Promise<void> {
  const temp = join(dirname(path), `.${basename(path)}.filtered`)
  await lake.duck.run(`COPY (${sql}) TO ${sqlText(temp)} ${parquetFormat(texts)}`)
  await rename(temp, path)
}

/** Rows of a Parquet file, by its footer. */
export async function rowsOf(lake: Lake, path: string): Promise<number> {
  const [footer] = await lake.duck.all<{ rows: number }>(`SELECT num_rows AS "rows" FROM ${parquetFileMetadata(path)}`)
  return footer?.rows ?? 0
}
