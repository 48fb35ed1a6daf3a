import { cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { recordHashes } from '../../db/raw-files/raw-files.ts'
import { specOf } from '../../functions/_catalog/catalog.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { readRawParts } from '../../functions/_lake/file-parts.ts'
import { rawFile } from '../../functions/_lake/paths.ts'
import { compact } from '../../functions/compact/index.ts'
import type { TestNode } from '../test-node.ts'
import {
  compactAll,
  curatedAgain,
  DAY,
  deliver,
  deliverAll,
  deliverDay,
  filesBelow,
  found,
  MINUTES,
  minuteRows,
  NEXT_DAY,
  rawPaths,
  settle,
  startCompactNode,
} from './compact-node.ts'

// Whole nodes are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
afterEach(() => node.remove())

const data = (): string => join(node.root, 'data_layer')
const ownFile = (symbol: string, vendor = 'alpaca', dt = DAY): string =>
  rawFile(data(), vendor, MINUTES, 'date-symbol', dt, symbol)
const NOTHING = { days: 0, files: 0, skipped: {} }

async function started(): Promise<void> {
  node = await startCompactNode()
  await deliverDay(node)
}

test('compact: a day of a vendor becomes one file, and curated files, digests and the ledger stay as they were', async () => {
  node = await startCompactNode()
  await deliverAll(node)
  expect(await rawPaths(node)).toHaveLength(20)
  const before = [await filesBelow(node, 'curated'), await filesBelow(node, 'qc')]
  const lines = await manifestLines()
  expect(await compactAll(node)).toEqual({ days: 6, files: 20, skipped: {} })
  expect(await rawPaths(node)).toEqual([
    'alpaca/equities_bars_minute/date=2025-06-30/data.parquet',
    'alpaca/equities_bars_minute/date=2025-07-01/data.parquet',
    'alpaca/options_bars/date=2025-06-30/data.parquet',
    'alpaca/options_bars/date=2025-07-01/data.parquet',
    'massive/equities_bars_minute/date=2025-06-30/data.parquet',
    'massive/equities_bars_minute/date=2025-07-01/data.parquet',
  ])
  expect(await manifestLines()).toBe(lines + 6)
  for (const mode of ['fast', 'exact', 'deep']) expect(await found(node, mode)).toEqual([])
  await curatedAgain(node)
  expect([await filesBelow(node, 'curated'), await filesBelow(node, 'qc')]).toEqual(before)
  expect(await compactAll(node)).toEqual(NOTHING)
})

async function manifestLines(): Promise<number> {
  const files = Object.keys(await filesBelow(node, 'manifests'))
  const texts = await Promise.all(files.map((file) => readFile(join(data(), 'manifests', file), 'utf8')))
  return texts.join('').split('\n').length
}

test('compact: a database that is lost afterwards is rebuilt from the manifests, with the hash of each shared file', async () => {
  await started()
  await deliver(node, 'alpaca', MINUTES, DAY, { AAPL: minuteRows(DAY, 7) })
  await settle(node)
  await compactAll(node)
  const { db } = node.running().node
  const known = await db.all(sql`SELECT dt, vendor, symbol, hex(hash) AS hash FROM raw_files ORDER BY vendor`)
  const evidence = await db.all(sql`SELECT symbol, dt, vendor, rows, digest FROM attempts ORDER BY 1, 2, 3`)
  expect(known).toHaveLength(2)
  await node.stop()
  await rm(join(data(), 'state'), { recursive: true })
  await node.start()
  const rebuilt = node.running().node.db
  expect(await rebuilt.all(sql`SELECT dt, vendor, symbol, hex(hash) AS hash FROM raw_files ORDER BY vendor`)).toEqual(
    known,
  )
  expect(await rebuilt.all(sql`SELECT symbol, dt, vendor, rows, digest FROM attempts ORDER BY 1, 2, 3`)).toEqual(
    evidence,
  )
  expect((await node.post('/audit', { rebuild: true })).body).toMatchObject({
    unclaimedFiles: 0,
    restored: 0,
    cleared: 0,
  })
  expect(await found(node)).toEqual([])
})

test('compact: a call ends in time and says that there is more, and two calls at once do each day once', async () => {
  node = await startCompactNode()
  await deliverAll(node)
  const { node: running } = node.running()
  const calls = await Promise.all([compact(running, {}, -1), compact(running, {}, -1)])
  expect(calls).toMatchObject([
    { days: 1, files: 4, more: true },
    { days: 1, files: 4, more: true },
  ])
  expect(await compactAll(node)).toMatchObject({ days: 4, files: 12 })
})

test('compact: a month is open while a window of re-reading may reach into it', async () => {
  await started()
  const { node: running } = node.running()
  // 45 days before the newest closed session lies in June, then in July.
  expect(await compact(running, { at: Date.parse('2025-08-14T20:30:00-04:00') })).toMatchObject({
    days: 0,
    skipped: {},
  })
  expect(await compact(running, { at: Date.parse('2025-08-15T20:30:00-04:00') })).toMatchObject({ days: 2 })
})

test('compact: a dataset with compact_raw: false keeps one file a cell, and what was compacted is read as before', async () => {
  await started()
  await deliverDay(node, NEXT_DAY)
  const { node: running } = node.running()
  await compact(running, {}, -1)
  const kept = await rawPaths(node)
  const spec = specOf(running.config, MINUTES)
  const before = await filesBelow(node, 'curated')
  await node.reconfigure((config) => ({
    ...config,
    datasets: { ...config.datasets, [MINUTES]: { ...spec, compact_raw: false } },
  }))
  expect(await compactAll(node)).toEqual(NOTHING)
  expect(await rawPaths(node)).toEqual(kept)
  expect(await curatedAgain(node)).toEqual(before)
})

test('compact: a day that is queued, or whose partition is not curated and judged, waits', async () => {
  await started()
  const { db } = node.running().node
  await db.write([sql`UPDATE partitions SET version = version + 1`])
  expect(await compactAll(node)).toEqual({ ...NOTHING, skipped: { waiting: 2 } })
  await node.steps('curate-partition')
  expect(await compactAll(node)).toEqual({ ...NOTHING, skipped: { waiting: 2 } })
  await node.steps('qc-partition')
  await node.post('/enqueue', { dataset: MINUTES, symbols: ['AAPL'], from: DAY, to: NEXT_DAY, again: true })
  expect(await compactAll(node)).toEqual({ ...NOTHING, skipped: { waiting: 2 } })
  await db.write([sql`DELETE FROM gap_tasks`])
  expect(await compactAll(node)).toMatchObject({ days: 2, skipped: {} })
})

test('compact: a damaged file leaves the day alone and is repaired; the day is compacted once its cell is there again', async () => {
  await started()
  const bytes = await readFile(ownFile('CON'))
  bytes[200] = bytes[200]! ^ 1
  await writeFile(ownFile('CON'), bytes)
  // What is left of it is to be curated again before the other vendor's file is moved.
  expect(await compactAll(node)).toEqual({ ...NOTHING, skipped: { damaged: 1, waiting: 1 } })
  const { db } = node.running().node
  expect(await db.all(sql`SELECT symbol FROM attempts WHERE outcome = 'lost'`)).toEqual([{ symbol: 'CON' }])
  await deliver(node, 'alpaca', MINUTES, DAY, { CON: minuteRows(DAY, 20) })
  await settle(node)
  expect(await compactAll(node)).toEqual({ days: 2, files: 8, skipped: {} })
  expect((await found(node)).filter((text) => !text.startsWith('raw-file-set-aside'))).toEqual([])
})

test('compact: a file with the right rows and other bytes than were written is not compacted', async () => {
  await started()
  const { lake, config } = node.running().node
  const { columns } = specOf(config, MINUTES)
  const path = ownFile('MSFT')
  const [part] = (await readRawParts(lake, specOf(config, MINUTES), [path])).get(path) ?? []
  const provenance = { ...part!.provenance, feed: 'otc' }
  await writeFile(path, await encodeRows(columns, [{ ...part!, provenance }]))
  expect((await compactAll(node)).skipped).toMatchObject({ damaged: 1 })
})

test('compact: a day with a file that nobody accepted, that is gone, or that nobody read is left alone as it is', async () => {
  await started()
  await deliverDay(node, NEXT_DAY)
  const { db } = node.running().node
  await mkdir(dirname(ownFile('XYZ')), { recursive: true })
  await cp(ownFile('AAPL'), ownFile('XYZ'))
  await rm(ownFile('MSFT', 'massive'))
  await db.write([
    sql`UPDATE attempts SET digest = NULL WHERE dt = ${NEXT_DAY} AND vendor = 'alpaca' AND symbol = 'AAPL'`,
  ])
  const before = await filesBelow(node, 'raw')
  const { skipped } = await compactAll(node)
  expect(skipped).toEqual({ unaccepted: 1, missing: 1, unread: 1 })
  const after = await filesBelow(node, 'raw')
  for (const [path, hash] of Object.entries(before))
    if (!path.startsWith(`massive/${MINUTES}/date=${NEXT_DAY}`)) expect(after[path]).toBe(hash)
})

test('compact: a file of an older node, with columns of its own, stays as it is', async () => {
  await started()
  const { lake, db } = node.running().node
  await lake.duck.run(
    `COPY (SELECT *, 'mine' AS note FROM read_parquet('${ownFile('AAPL')}', hive_partitioning = false)) TO '${join(node.root, 'foreign')}' (FORMAT parquet)`,
  )
  await cp(join(node.root, 'foreign'), ownFile('AAPL'))
  await db.write([sql`DELETE FROM raw_files WHERE symbol = 'AAPL' AND vendor = 'alpaca'`])
  const before = await filesBelow(node, 'raw')
  expect(await compactAll(node)).toEqual({ days: 1, files: 4, skipped: { foreign: 1 } })
  const after = await filesBelow(node, 'raw')
  for (const [path, hash] of Object.entries(before)) if (path.startsWith('alpaca')) expect(after[path]).toBe(hash)
})

test('compact: hashes that are known of files which are not there go with those of the others', async () => {
  await started()
  const { db } = node.running().node
  await recordHashes(db, MINUTES, [{ dt: DAY, vendor: 'alpaca', symbol: 'GONE', hash: 'ab'.repeat(32) }])
  expect(await compactAll(node)).toMatchObject({ days: 2, files: 8 })
  expect(await db.all(sql`SELECT vendor, symbol FROM raw_files ORDER BY vendor`)).toEqual([
    { vendor: 'alpaca', symbol: '' },
    { vendor: 'massive', symbol: '' },
  ])
})
