import { existsSync } from 'node:fs'
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { specOf } from '../../functions/_catalog/catalog.ts'
import { digestRows } from '../../functions/_lake/digest.ts'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { asidePath, curatedFile, rawFile } from '../../functions/_lake/paths.ts'
import { setAsideDamaged } from '../../functions/_recovery/set-aside.ts'
import { compactDay, STEPS, type Step } from '../../functions/compact/compact-day.ts'
import type { TestNode } from '../test-node.ts'
import {
  compactAll,
  curatedAgain,
  DAY,
  deliver,
  deliverDay,
  filesBelow,
  found,
  MINUTES,
  minuteRows,
  rawPaths,
  SYMBOLS,
  settle,
  startCompactNode,
} from './compact-node.ts'

// Whole nodes are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
afterEach(() => node.remove())

const data = (): string => join(node.root, 'data_layer')
const ownFile = (symbol: string): string => rawFile(data(), 'alpaca', MINUTES, 'date-symbol', DAY, symbol)
const sharedFile = (): string => rawFile(data(), 'alpaca', MINUTES, 'date', DAY, 'ANY')
const all = <Row>(statement: ReturnType<typeof sql>): Promise<Row[]> => node.running().node.db.all<Row>(statement)

function compactAlpaca(reached?: (step: Step) => void) {
  const { node: running } = node.running()
  const day = { dataset: MINUTES, spec: specOf(running.config, MINUTES), vendor: 'alpaca', dt: DAY } as const
  return compactDay(running, day, reached)
}

/** Ends as a process does that is killed when it has done so much. */
async function killedAt(step: Step, times = 1): Promise<void> {
  let left = times
  const dying = compactAlpaca((reached) => {
    if (reached === step && --left === 0) throw new Error('killed')
  })
  await expect(dying).rejects.toThrow('killed')
}

/** Whose hashes the database knows: an empty symbol is the shared file. */
const hashed = async (): Promise<string[]> =>
  (
    await all<{ symbol: string }>(
      sql`SELECT symbol FROM raw_files WHERE dataset = ${MINUTES} AND dt = ${DAY} AND vendor = 'alpaca' ORDER BY symbol`,
    )
  ).map(({ symbol }) => symbol)
const evidence = (): Promise<unknown[]> =>
  all(sql`SELECT dataset, dt, symbol, vendor, digest, outcome FROM attempts ORDER BY dataset, dt, symbol, vendor`)
const digestOf = async (symbol: string): Promise<string | null | undefined> =>
  (
    await all<{ digest: string | null }>(
      sql`SELECT digest FROM attempts WHERE dataset = ${MINUTES} AND dt = ${DAY} AND vendor = 'alpaca' AND symbol = ${symbol}`,
    )
  )[0]?.digest
/** First opening price of a curated cell, and how many bars it has. */
async function curatedCell(symbol: string): Promise<{ open: number; bars: number } | undefined> {
  const file = readParquet(curatedFile(data(), MINUTES, 'date', DAY))
  const [cell] = await node
    .running()
    .node.lake.duck.all<{ open: number; bars: number }>(
      `SELECT min_by(open, ts) AS open, count(*) AS bars FROM ${file} WHERE symbol = '${symbol}' GROUP BY ALL`,
    )
  return cell
}
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

describe('compact day: killed at any step', () => {
  for (const step of STEPS) {
    for (const next of ['goes on', 'starts anew', 'has lost its database'] as const) {
      test(`compact day: killed when ${step}, a node that ${next} has every cell once, and the next call ends it`, async () => {
        await started()
        const [curated, known] = [await filesBelow(node, 'curated'), await evidence()]
        await killedAt(step)
        if (next !== 'goes on') await node.stop()
        if (next === 'has lost its database') await rm(join(data(), 'state'), { recursive: true })
        if (next !== 'goes on') await node.start()
        expect(await found(node)).toEqual([])
        expect(await curatedAgain(node)).toEqual(curated)
        await compactAll(node)
        expect([await paths(), await hashed()]).toEqual([COMPACTED, ['']])
        expect(await found(node)).toEqual([])
        expect([await curatedAgain(node), await evidence()]).toEqual([curated, known])
      })
    }
  }
})

test('compact day: killed among the files that it removes, every cell is in one that counts', async () => {
  await started()
  const [curated, known] = [await filesBelow(node, 'curated'), await evidence()]
  await killedAt('removing', 2)
  expect((await paths()).length).toBeLessThan(9)
  expect(await found(node)).toEqual([])
  expect(await curatedAgain(node)).toEqual(curated)
  await compactAll(node)
  expect([await paths(), await hashed(), await evidence()]).toEqual([COMPACTED, [''], known])
})

test('compact day: killed between the name and the line of a file that takes a change in, nothing is lost', async () => {
  await started()
  await compactAll(node)
  await deliver(node, 'alpaca', MINUTES, DAY, { AAPL: minuteRows(DAY, 7) })
  await settle(node)
  const [curated, known] = [await filesBelow(node, 'curated'), await evidence()]
  await killedAt('visible')
  // The database knows the file before: whoever reads this one finds that its cells are right.
  expect(await curatedAgain(node)).toEqual(curated)
  await compactAll(node)
  expect([await paths(), await hashed(), await evidence()]).toEqual([COMPACTED, [''], known])
  expect(await found(node)).toEqual([])
})

test('compact day: two at once and an answer that comes meanwhile end with the answer and one version of each cell', async () => {
  await started()
  const changed = minuteRows(DAY, 7)
  await Promise.all([
    compactAlpaca(),
    deliver(node, 'alpaca', MINUTES, DAY, { AAPL: changed }),
    compactAlpaca(),
    node.post('/compact'),
  ])
  await settle(node)
  expect(await digestOf('AAPL')).toBe(digestRows(changed))
  expect(await curatedCell('AAPL')).toEqual({ open: 10.32, bars: 3 })
  await compactAll(node)
  expect([await paths(), await hashed()]).toEqual([COMPACTED, ['']])
  expect(await curatedCell('AAPL')).toEqual({ open: 10.32, bars: 3 })
  expect(await found(node)).toEqual([])
})

test('compact day: a correction stands beside the shared file, counts before it, and is taken in by the next compaction', async () => {
  await started()
  await compactAll(node)
  const before = await readFile(sharedFile())
  const [kept] = await deliver(node, 'alpaca', MINUTES, DAY, { 'BRK.B': minuteRows(DAY, 7) })
  expect(kept).toMatchObject({ verdict: 'replaced', previous: digestRows(minuteRows(DAY, 10)) })
  expect(await readFile(sharedFile())).toEqual(before)
  expect(await paths()).toEqual(['alpaca/data.parquet', 'alpaca/symbol=BRK.B/data.parquet', 'massive/data.parquet'])
  await settle(node)
  expect(await curatedCell('BRK.B')).toEqual({ open: 10.32, bars: 3 })
  expect(await found(node)).toEqual([])
  await node.stop()
  await rm(join(data(), 'state'), { recursive: true })
  await node.start()
  await settle(node)
  expect(await curatedCell('BRK.B')).toEqual({ open: 10.32, bars: 3 })
  expect(await compactAll(node)).toMatchObject({ days: 1, files: 1 })
  expect([await paths(), await hashed()]).toEqual([COMPACTED, ['']])
  await curatedAgain(node)
  expect(await curatedCell('BRK.B')).toEqual({ open: 10.32, bars: 3 })
  expect(await found(node)).toEqual([])
})

test('compact day: an answer with fewer rows is not taken, and one with the same rows writes nothing', async () => {
  await started()
  await compactAll(node)
  const [less] = await deliver(node, 'alpaca', MINUTES, DAY, { AAPL: minuteRows(DAY).slice(0, 1) })
  expect(less).toMatchObject({ verdict: 'kept_more_rows', rows: 3 })
  const [same] = await deliver(node, 'alpaca', MINUTES, DAY, { AAPL: minuteRows(DAY) })
  expect(same).toMatchObject({ verdict: 'same' })
  expect(await paths()).toEqual(COMPACTED)
})

test('compact day: a new symbol is written beside the shared file, which is not read for it', async () => {
  await started()
  await compactAll(node)
  const whole = await readFile(sharedFile())
  await writeFile(sharedFile(), 'nobody reads this')
  const [kept] = await deliver(node, 'alpaca', MINUTES, DAY, { NEW: minuteRows(DAY, 3) })
  expect(kept).toMatchObject({ verdict: 'new' })
  await writeFile(sharedFile(), whole)
  await settle(node)
  expect(await curatedCell('NEW')).toEqual({ open: 10.28, bars: 3 })
  expect(await compactAll(node)).toMatchObject({ days: 1, files: 1 })
  await curatedAgain(node)
  for (const symbol of [...SYMBOLS, 'NEW']) expect(await curatedCell(symbol)).toMatchObject({ bars: 3 })
  expect(await found(node)).toEqual([])
})

test('compact day: a copy from before a correction that comes back beside the shared file is put aside, and nothing is lost', async () => {
  await started()
  const folder = await mkdtemp(join(tmpdir(), 'copy-'))
  await copyFile(ownFile('CON'), join(folder, 'old'))
  await deliver(node, 'alpaca', MINUTES, DAY, { CON: minuteRows(DAY, 7) })
  await settle(node)
  await compactAll(node)
  const [curated, known] = [await curatedAgain(node), await evidence()]
  await mkdir(dirname(ownFile('CON')), { recursive: true })
  await copyFile(join(folder, 'old'), ownFile('CON'))
  await rm(folder, { recursive: true })
  expect(await curatedAgain(node)).toEqual(curated)
  expect(await evidence()).toEqual(known)
  expect(existsSync(asidePath(ownFile('CON')))).toBe(true)
})

test('compact day: a file that a reader listed before it was compacted is not taken for lost', async () => {
  await started()
  const known = await evidence()
  await compactAll(node)
  expect(await setAsideDamaged(node.running().node, [ownFile('AAPL')])).toEqual({ files: 1, cells: 0 })
  expect(await evidence()).toEqual(known)
})

test('compact day: of a damaged shared file the cells that are whole stay, the others are asked for again', async () => {
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
  for (const symbol of SYMBOLS) expect(await curatedCell(symbol)).toMatchObject({ bars: 3 })
  await compactAll(node)
  await settle(node)
  expect((await found(node)).filter((text) => !text.startsWith('raw-file-set-aside'))).toEqual([])
})
