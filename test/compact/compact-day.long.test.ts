import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { specOf } from '../../functions/_catalog/catalog.ts'
import { digestRows, isSameDigest } from '../../functions/_lake/digest.ts'
import { rawFile } from '../../functions/_lake/paths.ts'
import { compactDay, STEPS, type Step } from '../../functions/compact/compact-day.ts'
import type { TestNode } from '../test-node.ts'
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

function compactAlpaca(reached?: (step: Step) => void | Promise<void>) {
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

const paths = async (): Promise<string[]> =>
  (await rawPaths(node)).map((path) => path.replace(`/${MINUTES}/date=${DAY}`, ''))
const COMPACTED = ['alpaca/data.parquet', 'massive/data.parquet']

async function started(): Promise<void> {
  node = await startCompactNode()
  await deliverDay(node)
}

describe('compact day: killed at any step', () => {
  for (const step of STEPS) {
    for (const next of ['goes on', 'starts anew', 'has lost its database'] as const) {
      test(`compact day: killed when ${step}, a node that ${next} has every cell once, and the next call ends it`, async () => {
        await started()
        const [curated, known] = [await filesBelow(node, 'curated'), await evidence(node)]
        await killedAt(step)
        if (next !== 'goes on') await node.stop()
        if (next === 'has lost its database') await rm(join(data(), 'state'), { recursive: true })
        if (next !== 'goes on') await node.start()
        expect(await found(node)).toEqual([])
        expect(await curatedAgain(node)).toEqual(curated)
        await compactAll(node)
        expect([await paths(), await hashed(node)]).toEqual([COMPACTED, ['']])
        expect(await found(node)).toEqual([])
        expect([await curatedAgain(node), await evidence(node)]).toEqual([curated, known])
      })
    }
  }
})

test('compact day: killed among the files that it removes, every cell is in one that counts', async () => {
  await started()
  const [curated, known] = [await filesBelow(node, 'curated'), await evidence(node)]
  await killedAt('removing', 2)
  expect((await paths()).length).toBeLessThan(9)
  expect(await found(node)).toEqual([])
  expect(await curatedAgain(node)).toEqual(curated)
  await compactAll(node)
  expect([await paths(), await hashed(node), await evidence(node)]).toEqual([COMPACTED, [''], known])
})

test('compact day: killed between the name and the line of a file that takes a change in, nothing is lost', async () => {
  await started()
  await compactAll(node)
  await deliver(node, 'alpaca', MINUTES, DAY, { AAPL: minuteRows(DAY, 7) })
  await settle(node)
  const [curated, known] = [await filesBelow(node, 'curated'), await evidence(node)]
  await killedAt('visible')
  // The database knows the file before: whoever reads this one finds that its cells are right.
  expect(await curatedAgain(node)).toEqual(curated)
  await compactAll(node)
  expect([await paths(), await hashed(node), await evidence(node)]).toEqual([COMPACTED, [''], known])
  expect(await found(node)).toEqual([])
})

test('compact day: an answer that comes while files are put together waits until they are', async () => {
  await started()
  const before = await readFile(ownFile('AAPL'))
  let delivered: Promise<unknown> = Promise.resolve()
  await compactAlpaca(async (step) => {
    if (step !== 'checked') return
    delivered = deliver(node, 'alpaca', MINUTES, DAY, { AAPL: minuteRows(DAY, 7) })
    // Whoever does not wait is done by then: it began before this one, which has a turn of its own.
    await deliver(node, 'massive', MINUTES, DAY, { AAPL: minuteRows(DAY, 8) })
    expect(await readFile(ownFile('AAPL'))).toEqual(before)
  })
  await delivered
  expect(await paths()).toEqual(['alpaca/data.parquet', 'alpaca/symbol=AAPL/data.parquet', ...MASSIVE])
})

const MASSIVE = SYMBOLS.map((symbol) => `massive/symbol=${symbol === 'CON' ? '%43ON' : symbol}/data.parquet`).sort()

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
  const now = (await evidence(node)).find(({ symbol, vendor }) => symbol === 'AAPL' && vendor === 'alpaca')
  expect(isSameDigest(now?.digest ?? '', digestRows(changed))).toBe(true)
  expect(await curatedCell(node, 'AAPL')).toEqual({ open: 10.32, bars: 3 })
  await compactAll(node)
  expect([await paths(), await hashed(node)]).toEqual([COMPACTED, ['']])
  expect(await curatedCell(node, 'AAPL')).toEqual({ open: 10.32, bars: 3 })
  expect(await found(node)).toEqual([])
})

test('compact day: of many cells a few changes wait for more, and a few files that a killed call left do not', async () => {
  const symbols = Array.from({ length: 40 }, (_, at) => `S${at + 10}`)
  node = await startCompactNode(symbols)
  const rows = Object.fromEntries(symbols.map((symbol, at) => [symbol, minuteRows(DAY, at)]))
  await deliver(node, 'alpaca', MINUTES, DAY, rows)
  await settle(node)
  const copy = await readFile(ownFile('S20'))
  await compactAll(node)
  await mkdir(dirname(ownFile('S20')))
  await writeFile(ownFile('S20'), copy)
  expect(await compactAll(node)).toEqual({ days: 1, files: 1, skipped: {} })
  expect(await paths()).toEqual(['alpaca/data.parquet'])
  expect((await node.post('/sweep')).body).toMatchObject({ packed: symbols.length })
  await deliver(node, 'alpaca', MINUTES, DAY, { S10: minuteRows(DAY, 51) })
  await settle(node)
  expect(await compactAll(node)).toEqual({ days: 0, files: 0, skipped: {} })
  await deliver(node, 'alpaca', MINUTES, DAY, { S11: minuteRows(DAY, 52) })
  await settle(node)
  expect(await compactAll(node)).toEqual({ days: 1, files: 2, skipped: {} })
  expect(await paths()).toEqual(['alpaca/data.parquet'])
})
