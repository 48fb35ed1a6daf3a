import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readParquet } from '../../functions/_lake/parquet-sql.ts'
import { curatedFile, ledgerFile } from '../../functions/_lake/paths.ts'
import { dailyBar, oldFile } from '../adopt/old-tree.ts'
import { ASOF, FIRST, startTestNode, type TestNode } from '../test-node.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
})
afterEach(() => node.remove())

const data = (): string => join(node.root, 'data_layer')
const duck = () => node.running().node.lake.duck
const put = (place: string, query: string) => oldFile(duck(), data(), place, query)
const PLACE = `alpaca/equities_bars/date=${FIRST}/data.parquet`
const bars = () =>
  duck().all<{ symbol: string; dt: string; vendor: string; close: number }>(
    `SELECT symbol, dt, vendor, close FROM ${readParquet(curatedFile(data(), 'equities_bars', 'year', '2025'))} ORDER BY ALL`,
  )
const verdicts = (where: string) =>
  duck().all(`SELECT symbol, dt, status, flags FROM ${readParquet(ledgerFile(data()))} WHERE ${where} ORDER BY ALL`)
const steps = (...names: string[]) => node.steps(...names)

test('unaccepted files: a file that adoption refused is not curated: status names it, and another vendor is asked for its cells', async () => {
  await put(PLACE, dailyBar(FIRST, ", 'AAPL' AS symbol, 'split' AS adjustment"))
  const { body } = await node.post('/adopt', { verify: 'rows' })
  expect(body).toMatchObject({ cells: 0, problems: [{ what: expect.stringContaining('adjusted (split)') }] })
  await node.post('/audit')
  await steps('curate-partition')
  const { body: status } = await node.get('/status')
  expect(status.unacceptedFiles).toEqual({ files: 1, first: [`raw/${PLACE}`], next: 'POST /adopt' })
  await expect(bars()).rejects.toThrow('No files found')
})

test('unaccepted files: a file that is adopted at last leaves the list and is curated', async () => {
  await put(PLACE, dailyBar(FIRST, ", 'AAPL' AS symbol"))
  await node.post('/audit')
  await steps('curate-partition')
  expect((await node.get('/status')).body.unacceptedFiles).toMatchObject({ files: 1 })
  for (const verify of ['footers', 'rows']) {
    expect((await node.post('/adopt', { verify })).body).toMatchObject({ cells: 1 })
    await steps('curate-partition')
    expect((await node.get('/status')).body.unacceptedFiles).toEqual({ files: 0, first: [], next: 'POST /adopt' })
    expect(await bars()).toEqual([{ symbol: 'AAPL', dt: FIRST, vendor: 'alpaca', close: 10.5 }])
  }
})

test('unaccepted files: an answer that was written and never acknowledged is not curated before it is known again', async () => {
  await node.night()
  const { db } = node.running().node
  await db.write([sql`DELETE FROM attempts WHERE dataset = 'equities_bars' AND symbol = 'AAPL' AND dt = ${ASOF}`])
  await db.write([sql`UPDATE partitions SET version = version + 1 WHERE dataset = 'equities_bars'`])
  await steps('curate-partition')
  expect((await bars()).filter(({ symbol, dt }) => symbol === 'AAPL' && dt === ASOF)).toEqual([])
  // The manifest knows it: a start replays what the database has not reflected.
  await node.stop()
  await node.start()
  await steps('curate-partition')
  expect((await bars()).filter(({ symbol, dt }) => symbol === 'AAPL' && dt === ASOF)).toHaveLength(1)
  expect((await node.get('/status')).body.unacceptedFiles).toMatchObject({ files: 0 })
})

test.each([
  ['adjustment', ", 'split' AS adjustment", 'ADJUSTMENT_MISMATCH'],
  ['a flag that says adjusted', ', true AS adjusted', 'ADJUSTMENT_MISMATCH'],
  ['vendor', ", 'massive' AS vendor", 'VENDOR_MISMATCH'],
  ['symbol', ", 'MSFT' AS symbol", 'SYMBOL_MISMATCH'],
])(
  'unaccepted files: rows whose own %s is not that of their place are RED, though the file was adopted by its name',
  async (_what, more, flag) => {
    const place = `alpaca/equities_bars/date=${FIRST}/symbol=AAPL/data.parquet`
    await put(place, dailyBar(FIRST, more))
    expect((await node.post('/adopt', { verify: 'names' })).body).toMatchObject({ cells: 1 })
    await node.post('/audit')
    await steps('curate-partition', 'qc-partition', 'export')
    expect(await verdicts(`symbol = 'AAPL' AND dt = '${FIRST}'`)).toEqual([
      { symbol: 'AAPL', dt: FIRST, status: 'RED', flags: expect.stringContaining(flag) },
    ])
  },
)

test('unaccepted files: a yield whose own date is another day is RED, though the file was adopted by its footer', async () => {
  const place = `fred/macro_treasury/date=${FIRST}/data.parquet`
  await put(place, `SELECT DATE '2025-06-27' AS date, 'DGS10' AS series, 4.5::DOUBLE AS value`)
  expect((await node.post('/adopt', { verify: 'footers' })).body).toMatchObject({ cells: 1 })
  await node.post('/audit')
  await steps('curate-partition', 'qc-partition', 'export')
  expect(await verdicts(`dataset = 'macro_treasury' AND dt = '${FIRST}'`)).toMatchObject([
    { status: 'RED', flags: expect.stringContaining('DATE_MISMATCH') },
  ])
})
