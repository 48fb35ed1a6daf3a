import { existsSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { readRawParts } from '../../functions/_lake/file-parts.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { asidePath, curatedFile, ledgerFile, rawFile } from '../../functions/_lake/paths.ts'
import type { RawPart } from '../../functions/_lake/raw-part.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { Bar } from '../../functions/_market/row.ts'
import { specOf } from '../_lake/lake-fixture.ts'
import { dailyBar, oldFile } from '../adopt/old-tree.ts'
import { ASOF, FIRST, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await node.night()
})
afterEach(() => node.remove())

const data = (): string => join(node.root, 'data_layer')
const running = () => node.running().node
const SPEC = specOf('equities_bars')
const fileOf = (dt = FIRST): string => rawFile(data(), 'alpaca', 'equities_bars', 'date', dt, 'ANY')

/** Rewrites a file with other rows, as a flipped bit leaves it: readable, and not what was written. */
async function change(path: string, of: (part: RawPart) => RawPart): Promise<void> {
  const parts = (await readRawParts(running().lake, SPEC, [path])).get(path) ?? []
  await writeFile(path, await encodeRows(SPEC.columns, parts.map(of)))
}
const cheaper =
  (symbol: string) =>
  (part: RawPart): RawPart =>
    part.symbol === symbol ? { ...part, rows: (part.rows as Bar[]).map((row) => ({ ...row, low: row.low / 2 })) } : part
const touch = () =>
  running().db.write([sql`UPDATE partitions SET version = version + 1 WHERE dataset = 'equities_bars'`])
const steps = (...names: string[]) => node.steps(...names)
const bars = (dt = FIRST) =>
  running().lake.duck.all<{ symbol: string; low: number; vendor: string }>(
    `SELECT symbol, low, vendor FROM ${readParquet(curatedFile(data(), 'equities_bars', 'year', '2025'))} WHERE dt = '${dt}' ORDER BY ALL`,
  )
const ledger = (dt = FIRST) =>
  running().lake.duck.all(
    `SELECT symbol, status, flags, "rows" FROM ${readParquet(ledgerFile(data()))} WHERE dataset = 'equities_bars' AND dt = '${dt}' ORDER BY ALL`,
  )
const hashIsKnown = async (path: string): Promise<void> => {
  const [row] = await running().db.all<{ hash: string }>(
    sql`SELECT lower(hex(hash)) AS hash FROM raw_files WHERE dataset = 'equities_bars' AND vendor = 'alpaca' AND dt = ${FIRST} AND symbol = ''`,
  )
  expect(sha256(await readFile(path)).slice(0, 32)).toBe(row?.hash)
}
const lines = (event: string) => node.lines.map((line) => JSON.parse(line)).filter(({ msg }) => msg === event)

test('repair files: every raw file that a night wrote is known by its hash, and curation says how many bytes it read', async () => {
  const rows = await running().db.all(sql`SELECT dt FROM raw_files WHERE dataset = 'equities_bars'`)
  expect(rows).toHaveLength(SESSIONS)
  await hashIsKnown(fileOf())
  expect(lines('curate-partition.rebuilt').at(-1)).toMatchObject({ unverified: 0, filesHashed: SESSIONS })
  expect(lines('curate-partition.rebuilt').at(-1).bytesHashed).toBeGreaterThan(1_000)
})

test('repair files: of a damaged file the cell whose rows match stays, the other is asked for again and comes back', async () => {
  const before = await bars()
  await change(fileOf(), cheaper('AAPL'))
  const damaged = await readFile(fileOf())
  await touch()
  const [first] = await steps('curate-partition')
  expect(first).toMatchObject({ repaired: { files: 1, lost: 1, held: 0 }, more: true })
  expect((await bars()).map(({ symbol }) => symbol)).toEqual(['MSFT'])
  expect(await readFile(asidePath(fileOf()))).toEqual(damaged)
  await hashIsKnown(fileOf())
  expect((await node.get('/status')).body.lostFiles).toMatchObject({ damaged: 1 })
  const asked = node.asked()
  await steps('audit', 'dispatch-one-task', 'curate-partition', 'qc-partition', 'export')
  expect(node.asked()).toBeGreaterThan(asked)
  expect(await bars()).toEqual(before)
  expect(await ledger()).toMatchObject([{ status: 'GREEN' }, { status: 'GREEN' }])
})

test('repair files: damage to what no row shows costs no cell: the file is written anew, once', async () => {
  const before = await bars()
  const bytes = await readFile(fileOf())
  // The name of who made the file, in its footer.
  const at = bytes.lastIndexOf('parquet')
  expect(at).toBeGreaterThan(0)
  bytes[at] = bytes[at]! ^ 0x20
  await writeFile(fileOf(), bytes)
  await touch()
  const [first] = await steps('curate-partition')
  expect(first).toMatchObject({ repaired: { files: 1, lost: 0, held: 0 } })
  expect(await bars()).toEqual(before)
  await hashIsKnown(fileOf())
  expect((await node.get('/status')).body.lostFiles).toMatchObject({ damaged: 0, repaired: 1 })
  await touch()
  expect((await steps('curate-partition')).some((answer) => 'repaired' in answer)).toBe(false)
})

test('repair files: a fetch time that damage made impossible costs that cell, which comes back: the repair ends', async () => {
  const before = await bars()
  const bytes = await readFile(fileOf())
  const parts = (await readRawParts(running().lake, SPEC, [fileOf()])).get(fileOf()) ?? []
  const stamp = Buffer.alloc(8)
  stamp.writeBigInt64LE(BigInt(parts[0]!.provenance.fetchedAt) * 1000n)
  const at = bytes.indexOf(stamp)
  expect(at).toBeGreaterThan(0)
  // The sign bit, in every place where the stamp stands: values, and the smallest and largest of them.
  for (let next = at; next >= 0; next = bytes.indexOf(stamp, next)) bytes[next + 7] = 0x80
  await writeFile(fileOf(), bytes)
  await touch()
  const answers = await steps('curate-partition')
  expect(answers.filter((answer) => 'repaired' in answer)).toHaveLength(1)
  expect(answers.length).toBeLessThan(10)
  await steps('audit', 'dispatch-one-task', 'curate-partition')
  expect(await bars()).toEqual(before)
  await hashIsKnown(fileOf())
})

/** A file as another program leaves it: readable Parquet, and not what was delivered. */
const WRONG: [what: string, sql: (rows: string) => string][] = [
  ['lacks a column', (rows) => `SELECT * EXCLUDE (close) FROM ${rows}`],
  ['has a column of another type', (rows) => `SELECT * REPLACE ('dear' AS close) FROM ${rows}`],
  ['has no row', (rows) => `SELECT * FROM ${rows} WHERE false`],
]

test.each(WRONG)(
  'repair files: a file that %s is set aside, the partition is made without it, and its cells say why and come back',
  async (_, sqlOf) => {
    const before = await bars()
    const others = await bars('2025-07-03')
    const wrong = join(node.root, 'wrong.parquet')
    await running().lake.duck.run(`COPY (${sqlOf(readParquet(fileOf()))}) TO ${sqlText(wrong)} (FORMAT parquet)`)
    await writeFile(fileOf(), await readFile(wrong))
    await touch()
    const [first] = await steps('curate-partition')
    expect(first).toMatchObject({ repaired: { files: 1, lost: 2, held: 0 }, more: true })
    expect(await bars()).toEqual([])
    expect(await bars('2025-07-03')).toEqual(others)
    expect(await readFile(asidePath(fileOf()))).toEqual(await readFile(wrong))
    const { body: story } = await node.get(`/why/equities_bars/AAPL/${FIRST}`)
    expect(JSON.stringify(story)).toMatch(/set aside/)
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 2, enqueued: 2 })
    await steps('dispatch-one-task', 'curate-partition')
    expect(await bars()).toEqual(before)
  },
)

test('repair files: a file that has every row ten times costs no cell, because the rows are those that were delivered', async () => {
  const before = await bars()
  const wrong = join(node.root, 'wrong.parquet')
  const ten = `SELECT r.* FROM ${readParquet(fileOf())} r, range(10)`
  await running().lake.duck.run(`COPY (${ten}) TO ${sqlText(wrong)} (FORMAT parquet)`)
  await writeFile(fileOf(), await readFile(wrong))
  await touch()
  const [first] = await steps('curate-partition')
  expect(first).toMatchObject({ repaired: { files: 1, lost: 0, held: 0 }, more: true })
  expect(await bars()).toEqual(before)
  await hashIsKnown(fileOf())
})

test('repair files: a file that cannot be read at all loses its cells, which come back', async () => {
  const before = await bars()
  await writeFile(fileOf(), 'no Parquet file')
  await touch()
  await steps('curate-partition', 'audit', 'dispatch-one-task', 'curate-partition')
  expect(await bars()).toEqual(before)
  expect(await readFile(asidePath(fileOf()), 'utf8')).toBe('no Parquet file')
})

test('repair files: a damaged cell that no vendor can serve again is kept, held and RED, night after night, and never dropped', async () => {
  await change(fileOf(), cheaper('AAPL'))
  // All vendors have forgotten that day.
  await node.reconfigure((config) => ({
    ...config,
    vendors: Object.fromEntries(
      Object.entries(config.vendors).map(([name, vendor]) => [
        name,
        {
          ...vendor,
          datasets: Object.fromEntries(
            Object.entries(vendor.datasets).map(([dataset, terms]) => [dataset, { ...terms, history: { from: ASOF } }]),
          ),
        },
      ]),
    ),
  }))
  for (let night = 0; night < 2; night++) {
    await touch()
    await steps('curate-partition', 'qc-partition', 'export')
    expect(await ledger()).toEqual([
      { symbol: 'AAPL', status: 'RED', flags: 'BAD_PRINT,DAMAGED', rows: 1 },
      { symbol: 'MSFT', status: 'GREEN', flags: '', rows: 1 },
    ])
    expect(await bars()).toHaveLength(2)
    expect((await node.get('/status')).body.lostFiles).toMatchObject({ kept: 1, damaged: 0 })
  }
  const { body } = await node.get(`/why/equities_bars/AAPL/${FIRST}`)
  expect(JSON.stringify(body)).toContain('DAMAGED')
})

test('repair files: an answer is not merged into a damaged file: the damage is found first, and the other cells stay right', async () => {
  const before = await bars()
  await change(fileOf(), cheaper('AAPL'))
  // Only MSFT is asked for again; AAPL's rows would be carried over.
  await running().db.write([
    sql`DELETE FROM attempts WHERE dataset = 'equities_bars' AND symbol = 'MSFT' AND dt = ${FIRST}`,
    sql`UPDATE coverage SET present = 0 WHERE dataset = 'equities_bars' AND symbol = 'MSFT' AND month = ${FIRST.slice(0, 7)}`,
  ])
  await steps('audit', 'dispatch-one-task')
  expect((await node.get('/status')).body.lostFiles).toMatchObject({ damaged: 1 })
  await steps('audit', 'dispatch-one-task', 'curate-partition')
  expect(await bars()).toEqual(before)
})

test('repair files: a database that knows another hash than the manifest is put right by the file, without a word of damage', async () => {
  await running().db.write([sql`UPDATE raw_files SET hash = zeroblob(16) WHERE dataset = 'equities_bars'`])
  await touch()
  await steps('curate-partition')
  await hashIsKnown(fileOf())
  expect((await node.get('/status')).body.lostFiles).toMatchObject({ damaged: 0, repaired: 0 })
  expect(existsSync(asidePath(fileOf()))).toBe(false)
})

test('repair files: an adopted file that is as its line says is left as its owner wrote it, whatever hash the database knows', async () => {
  const place = `massive/equities_bars/date=${FIRST}/data.parquet`
  const path = await oldFile(running().lake.duck, data(), place, dailyBar(FIRST, ", 'AAPL' AS symbol"))
  expect((await node.post('/adopt', { verify: 'rows', vendor: 'massive' })).body).toMatchObject({ cells: 1 })
  const bytes = await readFile(path)
  await running().db.write([sql`UPDATE raw_files SET hash = zeroblob(16) WHERE vendor = 'massive'`])
  await touch()
  await steps('curate-partition')
  expect(await readFile(path)).toEqual(bytes)
  expect(existsSync(asidePath(path))).toBe(false)
  expect((await node.get('/status')).body.lostFiles).toMatchObject({ damaged: 0, repaired: 0 })
})

test('repair files: a start puts back the hashes of what the database had not reflected', async () => {
  await running().db.write([sql`DELETE FROM raw_files`, sql`DELETE FROM manifests`])
  await node.stop()
  await node.start()
  expect(await running().db.all(sql`SELECT dt FROM raw_files WHERE dataset = 'equities_bars'`)).toHaveLength(SESSIONS)
  await hashIsKnown(fileOf())
})

test('repair files: a file whose hash nobody knows is curated and counted, never taken for damaged', async () => {
  const before = await bars()
  await running().db.write([sql`DELETE FROM raw_files`])
  await touch()
  await steps('curate-partition')
  expect(await bars()).toEqual(before)
  expect(lines('curate-partition.rebuilt').at(-1)).toMatchObject({ unverified: SESSIONS })
})
