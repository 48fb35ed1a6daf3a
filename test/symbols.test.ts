import { afterEach, expect, test, vi } from 'vitest'
import { recordAnswer } from '../db/symbol-references/record-answer.ts'
import { EVENING, startTestNode, type TestNode } from './test-node.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
afterEach(() => node.remove())
const iso = new Date(EVENING).toISOString()

async function setup(): Promise<TestNode> {
  const from = '2020-01-02'
  node = await startTestNode({
    universe: [
      { symbol: 'AAPL', from, to: null },
      { symbol: 'META', from, to: null, was: [{ symbol: 'FB', to: '2022-06-08' }] },
    ],
  })
  const answer = { vendor: 'massive', asof: '2025-07-08' } as const
  const { db } = node.running().node
  const earlierTickers = [{ symbol: 'FB', to: '2022-07-10' }]
  await recordAnswer(db, { ...answer, question: 'names', statements: [{ symbol: 'META', earlierTickers }] }, EVENING)
  await recordAnswer(
    db,
    { ...answer, question: 'listed', statements: [{ symbol: 'META', isListed: true, name: 'Meta' }] },
    EVENING,
  )
  return node
}

const AAPL = {
  symbol: 'AAPL',
  from: '2020-01-02',
  fromStatedBy: 'universe',
  to: null,
  toStatedBy: 'universe',
  was: [],
  wasStatedBy: 'universe',
  contradictions: [],
  suggestions: [],
  vendors: [],
}
const META = {
  ...AAPL,
  symbol: 'META',
  was: [{ symbol: 'FB', to: '2022-06-08' }],
  contradictions: [
    'the universe states that META was FB up to 2022-06-08, which stands; vendors state: massive 2022-07-10',
  ],
  vendors: [
    {
      vendor: 'massive',
      isListed: true,
      name: 'Meta',
      eventTickers: [{ symbol: 'FB', to: '2022-07-10' }],
      listedAskedAt: iso,
      namesAskedAt: iso,
    },
  ],
}

test('symbols: every symbol is shown with its sources, and remarks in a sentence each', async () => {
  await setup()
  expect((await node.get('/symbols')).body).toEqual({
    ok: true,
    universe: 2,
    contradictions: 1,
    suggestions: 0,
    symbols: [AAPL, META],
  })
})

test('symbols: one symbol, or those with remarks, can be asked for', async () => {
  await setup()
  expect((await node.get('/symbols?symbol=AAPL')).body).toMatchObject({ universe: 2, symbols: [AAPL] })
  expect((await node.get('/symbols?remarks=yes')).body).toMatchObject({ symbols: [META] })
})

test('symbols: the status counts remarks and tells how the newest questions went', async () => {
  await setup()
  const check = { vendor: 'massive', asof: '2025-07-08', calls: 1, askedAt: iso, error: null }
  expect((await node.get('/status')).body.symbols).toEqual({
    contradictions: 1,
    suggestions: 0,
    asked: [
      { ...check, question: 'listed' },
      { ...check, question: 'names' },
    ],
  })
})

test('symbols: an unknown symbol is 404, an unknown query 400', async () => {
  await setup()
  expect(await node.get('/symbols?symbol=FB')).toMatchObject({
    status: 404,
    body: { ok: false, error: 'no symbol "FB" here: the universe has 2 others' },
  })
  expect(await node.get('/symbols?remarks=no')).toMatchObject({ status: 400 })
  expect(await node.get('/symbols?other=1')).toMatchObject({ status: 400 })
})
