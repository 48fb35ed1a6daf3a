/** Puts the data of a bundle into its staging folder: hard links where a file may travel whole, filtered copies where not. */
import { constants, copyFile, link, mkdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { sha256OfFile } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { sqlText } from '../_lake/duck.ts'
import type { Lake } from '../_lake/lake.ts'
import { parquetFileMetadata, readParquet } from '../_lake/parquet-sql.ts'
import { curatedFile, ledgerFile } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { type BundledDataset, filteredSql, partitionsOf, vouchedPartitions } from './partitions.ts'

export interface BundleFile {
  /** Relative to the bundle, with `/`. */
  path: string
  bytes: number
  sha256: string
  rows?: number
  dataset?: DatasetName
  partition?: string
}

export interface Partition {
  dataset: DatasetName
  partition: string
}

export const LEDGER_PATH = 'qc/partition_status.parquet'
const FORMAT = '(FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000, USE_TMP_FILE false)'
/** File systems that cannot link (FAT, some network shares), another volume, or a file with too many links. */
const NO_LINK = new Set(['EXDEV', 'EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'ENOSYS'])

/**
 * Stages the ledger up to the as-of day. Two steps: the whole file is linked first and read from there, so that a consolidation that runs
 * meanwhile cannot change what this bundle is made of. Throws when there is no ledger yet.
 */
export async function stageLedger(lake: Lake, staging: string, asof: Dt): Promise<BundleFile> {
  const path = join(staging, LEDGER_PATH)
  try {
    await linkOrCopy(ledgerFile(lake.root), path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    throw new Error(`expected the ledger ${ledgerFile(lake.root)}, got none: judge the partitions before exporting`)
  }
  const later = `FROM ${readParquet(path)} WHERE dt > DATE ${sqlText(asof)}`
  const [found] = await lake.duck.all<{ cells: number }>(`SELECT count(*) AS cells ${later}`)
  if ((found?.cells ?? 0) > 0) {
    await rewrite(
      lake,
      path,
      `SELECT * FROM ${readParquet(path)} WHERE dt <= DATE ${sqlText(asof)} ORDER BY dataset, symbol, dt`,
    )
  }
  return { ...(await described(staging, LEDGER_PATH)), rows: await rowsOf(lake, path) }
}

/**
 * Stages every partition of a dataset that has rows to show. A file whose bytes the ledger has no verdicts about is not staged but
 * returned in `unchecked`: what nobody judged must not reach a trainer.
 */
export async function stageDataset(
  lake: Lake,
  staging: string,
  bundled: BundledDataset,
  asof: Dt,
): Promise<{ files: BundleFile[]; unchecked: Partition[] }> {
  const { name, spec } = bundled
  const ledger = join(staging, LEDGER_PATH)
  const files: BundleFile[] = []
  const unchecked: Partition[] = []
  const vouched = await vouchedPartitions(lake, ledger, name, spec, asof)
  for (const partition of await partitionsOf(lake, bundled, asof)) {
    const path = `curated/${name}/${spec.partition}=${partition}/data.parquet`
    const staged = join(staging, path)
    if (!(await linkIfThere(curatedFile(lake.root, name, spec.partition, partition), staged))) continue
    const file = { ...(await described(staging, path)), dataset: name, partition }
    const word = vouched.get(partition)
    if (word === undefined || word.sha256 !== file.sha256) {
      unchecked.push({ dataset: name, partition })
      await rm(dirname(staged), { recursive: true })
    } else if (word.rows === 0) {
      await rm(dirname(staged), { recursive: true })
    } else if (word.rows === (await rowsOf(lake, staged))) {
      files.push({ ...file, rows: word.rows })
    } else {
      await rewrite(lake, staged, filteredSql(staged, ledger, name, spec, asof))
      files.push({ ...file, ...(await described(staging, path)), rows: await rowsOf(lake, staged) })
    }
  }
  return { files, unchecked }
}

/** Size and hash of a staged file. */
export async function described(staging: string, path: string): Promise<BundleFile> {
  const full = join(staging, path)
  return { path, bytes: (await stat(full)).size, sha256: await sha256OfFile(full) }
}

/** Replaces a staged file by a query over it. A new file is written beside it: the link must never be written through. */
async function rewrite(lake: Lake, path: string, sql: string): Promise<void> {
  const temp = join(dirname(path), `.${basename(path)}.filtered`)
  await lake.duck.run(`COPY (${sql}) TO ${sqlText(temp)} ${FORMAT}`)
  await rename(temp, path)
}

async function rowsOf(lake: Lake, path: string): Promise<number> {
  const [footer] = await lake.duck.all<{ rows: number }>(`SELECT num_rows AS "rows" FROM ${parquetFileMetadata(path)}`)
  return footer?.rows ?? 0
}

/** False when a partition vanished between listing and linking: curation removed its last row. */
async function linkIfThere(from: string, to: string): Promise<boolean> {
  try {
    await linkOrCopy(from, to)
    return true
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await rm(dirname(to), { recursive: true, force: true })
    return false
  }
}

/** A bundle shares the inode of the curated file. Both stay what they are because the lake replaces files by rename and never writes into one. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true })
  try {
    await link(from, to)
  } catch (error) {
    if (!NO_LINK.has(codeOf(error) ?? '')) throw error
    await copyFile(from, to, constants.COPYFILE_FICLONE)
  }
}
