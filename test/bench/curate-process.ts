/**
 * One part of the curation benchmark as a process of its own, so that its memory is its own. `node ROOT DATASET SYMBOLS PARTITION…`: curates partitions as a
 * node does, hashes of the raw files checked. `bare ROOT DATASET SYMBOLS PARTITION`: DuckDB sorts the same files into one.
 */
import { readFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { sha256OfFile } from '../../functions/_lake/digest.ts'
import { eachBounded } from '../../functions/_lake/disk.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { rawFilesOf } from '../../functions/_lake/list-raw-files.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { partitionDays } from '../../functions/_market/partition.ts'
import { curatePartition } from '../../functions/curate-partition/curate.ts'
import { shippedConfig } from '../write-config.ts'
import { OVERLAP, symbolsUpTo } from './curate-scene.ts'

const HASHES = 4

/** Of this program alone: what the system calls the maximum begins with that of the process which started it. */
const peakMegabytes = (): number =>
  Number(/^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? Number.NaN) / 1024

async function asNode(lake: Lake, dataset: DatasetName, symbols: number, partition: string): Promise<number> {
  const spec = (await shippedConfig()).datasets[dataset]!
  const { fromDt, toDt } = partitionDays(partition)
  const xnys = calendarOf('xnys')
  const sessions = xnys.sessions(fromDt, toDt).map((dt) => xnys.session(dt)!)
  async function* accepted() {
    for (const { dt } of sessions) {
      yield [
        { dt, vendor: 'alpaca', symbols: symbolsUpTo(symbols) },
        { dt, vendor: 'massive', symbols: symbolsUpTo(Math.min(symbols, OVERLAP)) },
      ]
    }
  }
  const look = (files: readonly string[]) =>
    eachBounded([...files], HASHES, async (file) => void (await sha256OfFile(file)))
  const request = {
    dataset,
    spec,
    partition,
    sessions,
    vendors: ['alpaca', 'massive'],
    refused: [],
    accepted: accepted(),
  }
  const { curated } = await curatePartition(lake, { ...request, look })
  return curated?.rows ?? 0
}

async function bare(lake: Lake, dataset: DatasetName, partition: string): Promise<number> {
  const files = await rawFilesOf(lake.root, dataset, partition)
  const to = join(lake.root, 'bare.parquet')
  await lake.duck.run(
    `COPY (SELECT * FROM ${readParquet(files)} ORDER BY symbol, ts) TO ${sqlText(to)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)`,
  )
  const [counted] = await lake.duck.all<{ rows: number }>(`SELECT count(*) AS "rows" FROM ${readParquet(to)}`)
  await rm(to)
  return counted?.rows ?? 0
}

const [mode, root = '', dataset, symbols, ...partitions] = process.argv.slice(2)
const lake = openLake({ root, exportRoot: join(root, '../exports') })
// DuckDB is loaded before anything is measured.
await lake.duck.run('SELECT 1')
const begun = performance.now()
let rows = 0
for (const partition of partitions) {
  rows +=
    mode === 'bare'
      ? await bare(lake, dataset as DatasetName, partition)
      : await asNode(lake, dataset as DatasetName, Number(symbols), partition)
}
const seconds = (performance.now() - begun) / 1000
await closeLake(lake)
process.stdout.write(`${JSON.stringify({ seconds, rows, megabytes: peakMegabytes() })}\n`)
