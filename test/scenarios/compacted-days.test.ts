import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { digestRows } from '../../functions/_lake/digest.ts'
import { asidePath, rawFile } from '../../functions/_lake/paths.ts'
import { setAsideDamaged } from '../../functions/_recovery/set-aside.ts'
import { minutes } from '../_lake/lake-fixture.ts'
import {
  compactAll,
  curatedAgain,
  curatedCell,
  DAY,
  deliver,
  deliverDay,
  evidence,
  filesBelow,
  found,
  hashed,
  MINUTES,
  minuteRows,
  rawPaths,
  replayNews,
  SYMBOLS,
  settle,
  startCompactNode,
} from '../compact/compact-node.ts'
import type { TestNode } from '../test-node.ts'

// Whole nodes are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
afterEach(() => node.remove())

const data = (): string => join(node.root, 'data_layer')
const ownFile = (symbol: string): string => rawFile(data(), 'alpaca', MINUTES, 'date-symbol', DAY, symbol)
const sharedFile = (): string => rawFile(data(), 'alpaca', MINUTES, 'date', DAY, 'ANY')
const all = <Row>(statement: ReturnType<typeof sql>): Promise<Row[]> => node.running().node.db.all<Row>(statement)

const paths = async (): Promise<string[]> =>
  (await rawPaths(node)).map((path) => path.replace(`/${MINUTES}/date=${DAY}`, ''))
const COMPACTED = ['alpaca/data.parquet', 'massive/data.parquet']

async function flip(path: string): Promise<void> {
  const bytes = await readFile(path)
  const at = Math.floor(bytes.length / 4)
  bytes[at] = bytes[at]! ^ 1
  await writeFile(path, bytes)
}

async function started(): Promise<void> {
  node = await startCompactNode()
  await deliverDay(node)
}

/** At other instants than what was delivered first, and none of them twice. */
const LATER_MINUTES = minutes(4, { open: 10.3 }, instantOf(DAY, '09:31'))

/** What QC found about a cell of the day. */
const flagsOf = async (symbol: string): Promise<string> =>
  (
    await node
      .running()
      .node.db.all<{ flags: string }>(sql`SELECT flags FROM findings WHERE symbol = ${symbol} AND dt = ${DAY}`)
  )
    .map(({ flags }) => flags)
    .join()

test('compacted days: a correction stands beside the shared file, counts before it, and is taken in by the next compaction', async () => {
  await started()
  expect(await flagsOf('BRK.B')).toContain('DUPLICATE')
  await compactAll(node)
  const before = await readFile(sharedFile())
  const [kept] = await deliver(node, 'alpaca', MINUTES, DAY, { 'BRK.B': LATER_MINUTES })
  expect(kept).toMatchObject({ verdict: 'replaced', previous: digestRows(minuteRows(DAY, 10)) })
  expect(await readFile(sharedFile())).toEqual(before)
  expect(await paths()).toEqual(['alpaca/data.parquet', 'alpaca/symbol=BRK.B/data.parquet', 'massive/data.parquet'])
  await settle(node)
  expect(await curatedCell(node, 'BRK.B')).toEqual({ open: 10.3, bars: 4 })
  expect(await flagsOf('BRK.B')).not.toContain('DUPLICATE')
  expect(await found(node)).toEqual([])
  await node.stop()
  await rm(join(data(), 'state'), { recursive: true })
  await node.start()
  await settle(node)
  expect(await curatedCell(node, 'BRK.B')).toEqual({ open: 10.3, bars: 4 })
  expect(await compactAll(node)).toMatchObject({ days: 1, files: 1 })
  expect([await paths(), await hashed(node)]).toEqual([COMPACTED, ['']])
  await curatedAgain(node)
  expect(await curatedCell(node, 'BRK.B')).toEqual({ open: 10.3, bars: 4 })
  expect(await found(node)).toEqual([])
})

test('compacted days: an answer with fewer rows is not taken, and one with the same rows writes nothing', async () => {
  await started()
  await compactAll(node)
  const [less] = await deliver(node, 'alpaca', MINUTES, DAY, { AAPL: minuteRows(DAY).slice(0, 1) })
  expect(less).toMatchObject({ verdict: 'kept_more_rows', rows: 3 })
  const [same] = await deliver(node, 'alpaca', MINUTES, DAY, { AAPL: minuteRows(DAY) })
  expect(same).toMatchObject({ verdict: 'same' })
  expect(await paths()).toEqual(COMPACTED)
})

test('compacted days: a new symbol is written beside the shared file, which is not read for it', async () => {
  await started()
  await compactAll(node)
  const whole = await readFile(sharedFile())
  await writeFile(sharedFile(), 'nobody reads this')
  const [kept] = await deliver(node, 'alpaca', MINUTES, DAY, { NEW: minuteRows(DAY, 3) })
  expect(kept).toMatchObject({ verdict: 'new' })
  await writeFile(sharedFile(), whole)
  await settle(node)
  expect(await curatedCell(node, 'NEW')).toEqual({ open: 10.28, bars: 3 })
  expect(await compactAll(node)).toMatchObject({ days: 1, files: 1 })
  await curatedAgain(node)
  for (const symbol of [...SYMBOLS, 'NEW']) expect(await curatedCell(node, symbol)).toMatchObject({ bars: 3 })
  expect(await found(node)).toEqual([])
})

test('compacted days: a copy from before a correction that comes back beside the shared file is put aside, and nothing is lost', async () => {
  await started()
  const folder = await mkdtemp(join(tmpdir(), 'copy-'))
  await copyFile(ownFile('CON'), join(folder, 'old'))
  await deliver(node, 'alpaca', MINUTES, DAY, { CON: minuteRows(DAY, 7) })
  await settle(node)
  await compactAll(node)
  const [curated, known] = [await curatedAgain(node), await evidence(node)]
  await mkdir(dirname(ownFile('CON')), { recursive: true })
  await copyFile(join(folder, 'old'), ownFile('CON'))
  await rm(folder, { recursive: true })
  expect(await curatedAgain(node)).toEqual(curated)
  expect(await evidence(node)).toEqual(known)
  expect(existsSync(asidePath(ownFile('CON')))).toBe(true)
})

test('compacted days: a file that a reader listed before it was compacted is not taken for lost', async () => {
  await started()
  const known = await evidence(node)
  await compactAll(node)
  expect(await setAsideDamaged(node.running().node, [ownFile('AAPL')])).toEqual({ files: 1, cells: 0 })
  expect(await evidence(node)).toEqual(known)
})

test('compacted days: of a damaged shared file the cells that are whole stay, the others are asked for again', async () => {
  await started()
  await compactAll(node)
  await flip(sharedFile())
  await curatedAgain(node)
  const lost = await all<{ symbol: string }>(
    sql`SELECT symbol FROM attempts WHERE vendor = 'alpaca' AND outcome = 'lost'`,
  )
  const path = relative(data(), sharedFile())
  expect(await all(sql`SELECT path, cells FROM lost_files`)).toEqual([{ path, cells: lost.length }])
  const again = Object.fromEntries(lost.map(({ symbol }) => [symbol, minuteRows(DAY, 10 * SYMBOLS.indexOf(symbol))]))
  await deliver(node, 'alpaca', MINUTES, DAY, again)
  await settle(node)
  for (const symbol of SYMBOLS) expect(await curatedCell(node, symbol)).toMatchObject({ bars: 3 })
  await compactAll(node)
  await settle(node)
  expect((await found(node)).filter((text) => !text.startsWith('raw-file-set-aside'))).toEqual([])
})

test('compacted days: forgotten cells of a compacted day leave the shared file and the file beside it, and a rebuild does not bring them back', async () => {
  await started()
  await compactAll(node)
  await deliver(node, 'alpaca', MINUTES, DAY, { MSFT: minuteRows(DAY, 7) })
  await settle(node)
  await node.reconfigure((config) => ({
    ...config,
    universe: config.universe.filter(({ symbol }) => symbol !== 'MSFT'),
  }))
  const { body } = await node.post('/forget', { dataset: MINUTES, symbol: 'MSFT', dryRun: false })
  expect(body).toMatchObject({ ok: true, cells: 2, files: 3 })
  await settle(node)
  expect(await found(node)).toEqual([])
  await node.stop()
  await rm(join(data(), 'state'), { recursive: true })
  await node.start()
  await settle(node)
  expect(await found(node)).toEqual([])
  const { lake } = node.running().node
  const shared = rawFile(data(), 'alpaca', MINUTES, 'date', DAY, 'ANY')
  const symbols = await lake.duck.all<{ symbol: string }>(
    `SELECT DISTINCT symbol FROM read_parquet('${shared}', hive_partitioning = false) ORDER BY symbol`,
  )
  expect(symbols.map(({ symbol }) => symbol)).toEqual(['AAPL', 'BRK.B', 'CON'])
  expect(await rawPaths(node)).toHaveLength(2)
})

test('compacted days: a walk of adoption over a compacted tree finds nothing new, and takes a file beside it over', async () => {
  await started()
  const file = await readFile(ownFile('CON'))
  await compactAll(node)
  for (const verify of ['names', 'footers', 'rows']) {
    const { cells, problemCounts } = (await node.post('/adopt', { verify })).body
    expect([cells, problemCounts]).toEqual([0, {}])
  }
  const { db } = node.running().node
  await db.write([sql`DELETE FROM attempts WHERE symbol = 'CON' AND vendor = 'alpaca'`])
  await mkdir(dirname(ownFile('CON')), { recursive: true })
  await writeFile(ownFile('CON'), file)
  expect((await node.post('/adopt', { verify: 'names', restart: true })).body).toMatchObject({ cells: 1 })
  await settle(node)
  await settle(node)
  expect(await compactAll(node)).toMatchObject({ skipped: { unread: 1 } })
  expect((await node.post('/adopt', { verify: 'rows', restart: true })).body).toMatchObject({ cells: 1 })
  await settle(node)
  expect(await compactAll(node)).toMatchObject({ days: 1, files: 1, skipped: {} })
  expect(await found(node)).toEqual([])
})

test('compacted days: a line of a compaction that cannot be read costs nothing', async () => {
  await started()
  await compactAll(node)
  const before = await filesBelow(node, 'curated')
  for (const file of Object.keys(await filesBelow(node, 'manifests'))) {
    const path = join(data(), 'manifests', file)
    const text = await readFile(path, 'utf8')
    await writeFile(path, text.replace('"verdict":"compacted"', '"verdict":"compacteD"'))
  }
  await node.stop()
  await rm(join(data(), 'state'), { recursive: true })
  await node.start()
  await replayNews(node)
  expect(await curatedAgain(node)).toEqual(before)
  expect((await found(node)).filter((text) => !text.startsWith('manifest-line-set-aside'))).toEqual([])
})
