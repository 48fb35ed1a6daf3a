import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { curatedFile, ledgerFile } from '../functions/_lake/paths.ts'
import { sqlText } from '../functions/_lake/sql-text.ts'
import type { BarSource } from './lab/lab.ts'
import { bars, type SmallTerms, startTestNode, type TestNode } from './test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
afterEach(() => node.remove())
beforeEach(() => {
  price = -1
})

const DT = '2025-07-02'
const CELL = { dataset: 'equities_bars', symbol: 'AAPL', dt: DT }
const REASON = 'looked at it on the tape'

/** What both vendors say that the bar cost. */
let price = -1
const withNegativePrices = (source: BarSource): BarSource => ({
  ...source,
  daily: (symbol, from, to) =>
    source
      .daily(symbol, from, to)
      .map((bar) =>
        symbol === 'AAPL' && bar.dt === DT ? { ...bar, o: price, h: price, l: price, c: price, vw: price } : bar,
      ),
})
const bothWrong = (): NonNullable<SmallTerms['sources']> => ({
  alpaca: withNegativePrices(bars('alpaca')),
  massive: withNegativePrices(bars('massive')),
})

const start = async (terms?: SmallTerms): Promise<void> => {
  node = await startTestNode(terms)
  await node.night()
}
const post = async (path: string, more: object = {}) =>
  (await node.post(path, { ...CELL, reason: REASON, ...more })).body

/** Status, flags and whether the latest bundle has the cell. */
async function cell(): Promise<{ status: string; flags: string; vendor: string; travels: boolean }> {
  const { duck } = node.running().node.lake
  const where = `WHERE symbol = 'AAPL' AND dt = '${DT}'`
  const ledger = sqlText(ledgerFile(join(node.root, 'data_layer')))
  const [row] = await duck.all<{ status: string; flags: string; vendor: string }>(
    `SELECT status, flags, vendor FROM read_parquet(${ledger}) ${where} AND dataset = 'equities_bars'`,
  )
  const file = sqlText(curatedFile(join(node.root, 'exports/latest'), 'equities_bars', 'year', '2025'))
  const [rows] = await duck.all<{ rows: number }>(`SELECT count(*) AS rows FROM read_parquet(${file}) ${where}`)
  return { ...row!, travels: rows!.rows > 0 }
}
const night = async (): Promise<unknown> => await node.steps('curate-partition', 'qc-partition', 'export')
const why = async () => (await node.get(`/why/equities_bars/AAPL/${DT}`)).body

test('hold: a cell that a person holds stays out of bundles, night after night, until it is taken back', async () => {
  await start()
  expect(await cell()).toMatchObject({ status: 'GREEN', travels: true })
  expect(await post('/hold')).toMatchObject({ ok: true, decided: 1, unchanged: 0 })
  await night()
  const held = { status: 'RED', flags: 'HELD_BY_PERSON', vendor: 'alpaca', travels: false }
  expect(await cell()).toEqual(held)
  // Another vendor may be asked about it, and changes nothing.
  await node.night()
  expect(await cell()).toEqual(held)
  expect(await why()).toMatchObject({
    decision: { decision: 'hold', reason: REASON },
    next: { sentence: expect.stringContaining(`by a person: ${REASON}`) },
  })
  // Not even a database that was lost.
  await node.stop()
  await rm(join(node.root, 'data_layer/state'), { recursive: true })
  await node.start()
  await node.night()
  expect(await cell()).toMatchObject({ status: 'RED', travels: false })
  expect(await post('/hold', { undo: true })).toMatchObject({ decided: 1 })
  await night()
  expect(await cell()).toMatchObject({ status: 'GREEN', flags: '', vendor: 'alpaca', travels: true })
  expect(await why()).toMatchObject({ decision: null })
})

test('hold: said twice it is written once, and a day without data or out of the universe is refused in words', async () => {
  await start()
  await post('/hold')
  expect(await post('/hold')).toMatchObject({ decided: 0, unchanged: 1 })
  expect(await post('/hold', { dt: '2025-07-04' })).toMatchObject({
    ok: false,
    error: expect.stringMatching(/expects nothing of AAPL/),
  })
  expect(await post('/hold', { symbol: 'NOPE' })).toMatchObject({
    ok: false,
    error: expect.stringMatching(/no symbol NOPE/),
  })
  expect(await post('/hold', { reason: ' ' })).toMatchObject({
    ok: false,
    error: expect.stringMatching(/^reason: expected a sentence/),
  })
  expect(await post('/hold', { to: '2025-07-01' })).toMatchObject({
    ok: false,
    error: expect.stringMatching(/^to: 2025-07-01 lies before dt/),
  })
  expect(await post('/hold', { symbol: 'MSFT', undo: true })).toMatchObject({
    decided: 0,
    refused: [{ dt: DT, why: 'nobody has decided anything of it' }],
  })
})

test('release: rows that QC holds travel as AMBER with the reason, until other rows come', async () => {
  await start({ sources: bothWrong() })
  expect(await cell()).toMatchObject({ status: 'RED', travels: false })
  expect(await post('/release')).toMatchObject({ decided: 1 })
  await night()
  expect(await cell()).toMatchObject({
    status: 'AMBER',
    flags: 'NON_POSITIVE_PRICE,RELEASED_BY_PERSON',
    travels: true,
  })
  expect(await post('/release')).toMatchObject({ decided: 0, unchanged: 1 })
  await node.night()
  expect(await cell()).toMatchObject({ status: 'AMBER', travels: true })
  price = -2
  await node.post('/enqueue', { dataset: 'equities_bars', symbols: ['AAPL'], from: DT, to: DT, again: true })
  await node.steps('dispatch-one-task', 'curate-partition', 'qc-partition', 'export')
  expect(await cell()).toMatchObject({
    status: 'RED',
    flags: 'NON_POSITIVE_PRICE,RELEASE_OUTDATED',
    travels: false,
  })
  expect(await post('/release')).toMatchObject({ decided: 1 })
  await night()
  expect(await cell()).toMatchObject({ status: 'AMBER', travels: true })
  expect(await post('/release', { undo: true })).toMatchObject({ decided: 1 })
  await night()
  expect(await cell()).toMatchObject({ status: 'RED', flags: 'NON_POSITIVE_PRICE', travels: false })
})

test('release: what QC does not hold is refused, and a hold is taken back by it', async () => {
  await start()
  expect(await post('/release')).toMatchObject({
    decided: 0,
    refused: [{ dt: DT, why: 'QC does not hold it: there is nothing to release' }],
  })
  await post('/hold')
  expect(await post('/release')).toMatchObject({ decided: 1 })
  await night()
  expect(await cell()).toMatchObject({ status: 'GREEN', travels: true })
})
