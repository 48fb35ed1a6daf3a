import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, expect, test, vi } from 'vitest'
import { ledgerFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { BarSource } from '../lab/lab.ts'
import type { LabBar } from '../lab/source.ts'
import { bars, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 120_000 })

const DT = '2025-07-02'
const CELL = { dataset: 'equities_bars', symbol: 'AAPL', dt: DT }

let node: TestNode
afterEach(() => node.remove())

/** A vendor whose bar of the cell is another one. */
const withBar = (source: BarSource, change: (bar: LabBar) => LabBar): BarSource => ({
  ...source,
  daily: (symbol, from, to) =>
    source
      .daily(symbol, from, to)
      .map((bar) => (symbol === 'AAPL' && bar.dt === DT ? { ...bar, ...change(bar) } : bar)),
})
const wrongClose = (bar: LabBar): LabBar => ({ ...bar, c: bar.c! * 1.5, h: Math.max(bar.h!, bar.c! * 1.5) })
const wick = (bar: LabBar): LabBar => ({ ...bar, h: bar.h! * 3 })

async function cell(): Promise<Record<string, unknown>> {
  const [row] = await node.running().node.lake.duck.all<Record<string, unknown>>(
    `SELECT status, flags, vendor, second_vendor, action FROM read_parquet(${sqlText(ledgerFile(join(node.root, 'data_layer')))})
     WHERE symbol = 'AAPL' AND dt = '${DT}' AND dataset = 'equities_bars'`,
  )
  return row ?? {}
}
const why = async () => (await node.get(`/why/equities_bars/AAPL/${DT}`)).body
const manifest = async () => JSON.parse(await readFile(join(node.root, 'exports/latest/MANIFEST.json'), 'utf8'))
const settle = () =>
  node.steps('dispatch-one-task', 'curate-partition', 'qc-partition', 'curate-partition', 'qc-partition', 'export')

test('second view: an AMBER doubt asks the other vendor once, and its version replaces the one that leaves its neighbours and returns', async () => {
  node = await startTestNode({ sources: { alpaca: withBar(bars('alpaca'), wrongClose), massive: bars('massive') } })
  await node.night()
  await settle()
  expect(await cell()).toEqual({
    status: 'GREEN',
    flags: '',
    vendor: 'massive',
    second_vendor: 'alpaca',
    action: 'replaced',
  })
  expect(await why()).toMatchObject({
    secondView: {
      action: 'replaced',
      vendor: 'massive',
      secondVendor: 'alpaca',
      numbers: { second_close: expect.any(Number), second_excursion: expect.any(Number) },
    },
    vendors: expect.arrayContaining([
      expect.objectContaining({
        vendor: 'alpaca',
        attempt: expect.objectContaining({ refusedFor: expect.stringContaining('VENDORS_PRICE_DIFFERS') }),
      }),
    ]),
  })
  const calls = node.lab.massive.stats().calls
  await node.running().node.db.write([sql`UPDATE partitions SET context_version = context_version + 1`])
  await settle()
  expect(node.lab.massive.stats().calls).toBe(calls)
  expect(await cell()).toMatchObject({ status: 'GREEN', vendor: 'massive', action: 'replaced' })
})

test('second view: a doubt that both vendors share lets the cell go, with the preferred version', async () => {
  node = await startTestNode({
    sources: { alpaca: withBar(bars('alpaca'), wick), massive: withBar(bars('massive'), wick) },
  })
  await node.night()
  await settle()
  expect(await cell()).toEqual({
    status: 'AMBER',
    flags: 'BAD_PRINT,CONFIRMED_BY_SECOND',
    vendor: 'alpaca',
    second_vendor: 'massive',
    action: 'released',
  })
  expect(await why()).toMatchObject({ coverage: { held: false }, secondView: { action: 'released' } })
})

test('second view: the bundle after the decision names it, and the one after that does not', async () => {
  node = await startTestNode()
  await node.night()
  expect((await manifest()).second_views).toEqual({ total: 0, more: 0, cells: [] })
  await node.running().node.db.write([
    sql`INSERT INTO second_views (dataset, symbol, dt, partition, vendor, second_vendor, action, numbers, decided_at)
        VALUES ('equities_bars', 'AAPL', ${DT}, '2025', 'massive', 'alpaca', 'replaced', '{"second_close":0.4}', ${node.running().node.now() + 1})`,
  ])
  const { listSecondViews } = await import('../../db/second-views/list-second-views.ts')
  const { db } = node.running().node
  expect(await listSecondViews(db, node.running().node.now(), '2025-07-08', 10)).toMatchObject({
    total: 1,
    cells: [{ symbol: 'AAPL', action: 'replaced' }],
  })
  expect(await listSecondViews(db, node.running().node.now() + 1, '2025-07-08', 10)).toEqual({ total: 0, cells: [] })
})

test('second view: rows that a person released stay, whatever another vendor delivers later', async () => {
  const price: Record<string, number> = { alpaca: -1, massive: -2 }
  const negative =
    (vendor: string) =>
    (bar: LabBar): LabBar => {
      const wrong = price[vendor]!
      return wrong < 0 ? { ...bar, o: wrong, h: wrong, l: wrong, c: wrong, vw: wrong } : bar
    }
  node = await startTestNode({
    sources: {
      alpaca: withBar(bars('alpaca'), negative('alpaca')),
      massive: withBar(bars('massive'), negative('massive')),
    },
  })
  await node.night()
  await settle()
  const held = await cell()
  expect(held).toMatchObject({ status: 'RED', action: 'condemned' })
  expect((await node.post('/release', { ...CELL, reason: 'seen on the tape' })).body).toMatchObject({ decided: 1 })
  await settle()
  const released = { status: 'AMBER', flags: expect.stringContaining('RELEASED_BY_PERSON'), vendor: held.vendor }
  expect(await cell()).toMatchObject(released)
  const other = held.vendor === 'massive' ? 'alpaca' : 'massive'
  price[other] = 1
  const range = { dataset: 'equities_bars', symbols: ['AAPL'], from: DT, to: DT }
  await node.post('/enqueue', { ...range, again: true, vendor: other })
  await settle()
  expect(await cell()).toMatchObject(released)
})
