/** Yields with all their vintages as a table: what a source published on which day, so that a backtest reads what was known on its day. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import type { BundledDataset, PartitionRecord } from './partitions.ts'
import { stageTable } from './stage-table.ts'
import type { BundleFile, Partition } from './stage-vouched.ts'

/** Writes the vintages of a partition to a file; false where there are none. */
export type VintageWriter = (partition: Partition, path: string) => Promise<boolean>

export interface Vintages {
  files: BundleFile[]
  /** Partitions whose vintages are not in the table, and why. */
  failed: (Partition & { reason: string })[]
}

export const vintagesPath = (dataset: string): string => `tables/${dataset}_vintages.parquet`

/**
 * Writes a table for each dataset of yields among the bundle's `data`. It holds the days that the bundle's own files hold and no others. A partition whose raw files
 * cannot be read is left out and returned: its newest values stand in the curated file.
 */
export async function stageVintages(
  lake: Lake,
  staging: string,
  datasets: readonly BundledDataset[],
  data: readonly BundleFile[],
  write: VintageWriter,
  isOlder = false,
): Promise<Vintages> {
  const vintages: Vintages = { files: [], failed: [] }
  for (const { name: dataset, spec, partitions } of datasets) {
    if (spec.expected_rows !== 'series') continue
    const wide = data.filter((file) => file.dataset === dataset)
    const parts: string[] = []
    for (const { partition } of wide) {
      const path = join(staging, `.vintages-${dataset}-${partition}.parquet`)
      // Of a bundle of an older day nothing is kept: another one asks for another day.
      const record = isOlder ? undefined : partitions.find((one) => one.partition === partition)
      const key = { dataset, partition: partition ?? '' }
      try {
        if (await writeOnce(lake, key, record, path, write)) parts.push(path)
      } catch (error) {
        const reason = `its vintages are not in the bundle: ${error instanceof Error ? error.message : error}`
        vintages.failed.push({ ...key, reason: reason.replaceAll(join(lake.root, '/'), '') })
      }
    }
    if (parts.length === 0) continue
    const days = readParquet(wide.map(({ path }) => join(staging, path)))
    const sql = `SELECT * FROM ${readParquet(parts)} SEMI JOIN ${days} d USING (date) ORDER BY series, date, realtime_start NULLS FIRST`
    vintages.files.push(await stageTable(lake, staging, vintagesPath(dataset), sql))
    for (const part of parts) await rm(part)
  }
  return vintages
}

/** The vintages that this process wrote, by root and partition: reading them costs a raw file a day, and a partition of an old year does not change. */
const written = new Map<string, { edition: string; bytes: Buffer }>()

async function writeOnce(
  lake: Lake,
  key: Partition,
  record: PartitionRecord | undefined,
  path: string,
  write: VintageWriter,
): Promise<boolean> {
  const place = `${lake.root} ${key.dataset} ${key.partition}`
  const edition = record?.edition ?? null
  const known = written.get(place)
  if (known !== undefined && known.edition === edition) {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, known.bytes)
    return true
  }
  const isAny = await write(key, path)
  if (isAny && edition !== null) written.set(place, { edition, bytes: await readFile(path) })
  return isAny
}
