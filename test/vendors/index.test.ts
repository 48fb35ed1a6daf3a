import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Config } from '../../config/schema.ts'
import { blockVendor } from '../../db/circuits/circuits.ts'
import { demote } from '../../db/demotions/demotions.ts'
import type { VendorsView } from '../../functions/vendors/view.ts'
import { LAB_KEYS } from '../lab/lab.ts'
import { ASOF, EVENING, startTestNode, type TestNode } from '../test-node.ts'

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
})
afterEach(() => node.remove())

const read = async (): Promise<VendorsView> => (await node.get('/vendors')).body as unknown as VendorsView
const of = (view: VendorsView, name: string) => view.vendors.find(({ vendor }) => vendor === name)!

test('vendors: every vendor tells its hosts and the names of its keys, and no key', async () => {
  const view = await read()
  expect(view.vendors.map(({ vendor }) => vendor)).toEqual(['alpaca', 'alpaca_iex', 'massive', 'fred'])
  expect(of(view, 'alpaca')).toMatchObject({
    usable: true,
    because: [],
    account: 'alpaca',
    keys: { set: ['APCA_API_KEY_ID', 'APCA_API_SECRET_KEY'], missing: [] },
    hosts: { data: new URL(node.lab.alpaca.url).host },
  })
  expect(of(view, 'alpaca_iex')).toMatchObject({
    account: 'alpaca',
    usable: false,
    because: ['entitled to none of its datasets'],
  })
  const text = JSON.stringify(view)
  for (const key of [LAB_KEYS.alpaca.id, LAB_KEYS.alpaca.secret, LAB_KEYS.massive, LAB_KEYS.fred])
    expect(text).not.toContain(key)
})

test('vendors: after a night the spent calls, the rates and the score of each segment can be recomputed, and a restart keeps them', async () => {
  await node.post('/audit')
  while ((await node.post('/dispatch-one-task')).body.more);
  const alpaca = of(await read(), 'alpaca')
  const calls = node.lab.alpaca.stats().calls
  const [budget] = alpaca.budgets
  expect(budget).toMatchObject({ host: 'data', callsPerMinute: 200, callsPerDay: null })
  expect(budget!.lanes.today.leftNow).toBe(200 - budget!.spentThisMinute)
  expect(budget!.lanes.backfill.leftNow).toBe(180 - (budget!.spentThisMinute - budget!.spentInLaneToday))
  expect(alpaca.budgets.reduce((sum, { spentToday }) => sum + spentToday, 0)).toBe(calls)
  const bars = alpaca.datasets.find(({ dataset }) => dataset === 'equities_bars')!
  expect(bars.lastHour).toMatchObject({ cells: 12, rows: 12, successRate: 1, emptyRate: 0, errorRate: 0 })
  expect(bars.lastDay?.outcomes).toMatchObject({ filled: 12, malformed: 0 })
  const { prior, learned, score } = bars.score
  expect(learned).toMatchObject({ asked: 12, filled: 12 })
  const k = prior.countsAsCells
  const fillsBut = (own: { asked: number; filled: number } | null): number => {
    const others = bars.score.segments.filter((segment) => segment !== own)
    const sum = (of: (segment: (typeof others)[number]) => number) =>
      others.reduce((total, segment) => total + of(segment), 0)
    const elsewhere =
      (prior.countsAsSegments * prior.fillRate + sum(({ asked, filled }) => filled / (asked + k))) /
      (prior.countsAsSegments + sum(({ asked }) => asked / (asked + k)))
    return ((own?.filled ?? 0) + k * elsewhere) / ((own?.asked ?? 0) + k)
  }
  const latency = (learned.latencyMs + prior.countsAsCalls * prior.latencyMs) / (learned.calls + prior.countsAsCalls)
  const cost = 1 / (Math.max(1, prior.rowsPerPage / prior.rowsPerCell) * prior.callsPerMinute)
  expect((fillsBut(null) * bars.score.preference) / (cost * latency)).toBeCloseTo(score, 6)
  expect(bars.score.segments.map(({ ageBucket, liquidity, asked }) => [ageBucket, liquidity, asked])).toEqual([
    ['week', 'any', 8],
    ['year', 'any', 4],
  ])
  for (const segment of bars.score.segments) {
    expect(segment.fills).toBeCloseTo(fillsBut(segment), 9)
    expect((fillsBut(segment) * bars.score.preference) / (cost * latency)).toBeCloseTo(segment.score, 6)
  }
  const answer = await fetch(`${node.running().address}/vendors`, { headers: { accept: 'text/html' } })
  expect(await answer.text()).toContain('days under a week old')
  const scores = async () => (await read()).vendors.map(({ datasets }) => datasets.map(({ score }) => score))
  const before = await scores()
  await node.stop()
  await node.start()
  expect(await scores()).toEqual(before)
})

test('vendors: what is in the way of a vendor is said in words, refusals are counted and some are listed', async () => {
  const { db } = node.running().node
  const refusals = Array.from({ length: 50 }, (_, at) => ({
    vendor: 'massive',
    dataset: 'equities_bars',
    symbol: at === 49 ? '*' : `S${at}`,
    fromDt: '0000-01-01',
    toDt: ASOF,
    outcome: 'not_entitled',
    until: EVENING + 60_000,
  }))
  await demote(db, refusals)
  await blockVendor(db, 'massive', EVENING + 90_000, 'it said 503')
  const massive = of(await read(), 'massive')
  expect(massive).toMatchObject({
    usable: false,
    because: ['left alone: it said 503'],
    circuit: { isOpen: true, until: new Date(EVENING + 90_000).toISOString(), lastError: 'it said 503' },
  })
  const { refusals: told } = massive.datasets.find(({ dataset }) => dataset === 'equities_bars')!
  expect(told.total).toBe(50)
  expect(told.some).toHaveLength(20)
  expect(told.some[0]?.symbol).toBe('*')
})

test('vendors: a vendor without calls, and a dataset nobody serves, are said to be so', async () => {
  await node.reconfigure((config): Config => {
    const { massive, fred, alpaca } = config.vendors
    const { macro_treasury: _, ...datasets } = massive!.datasets
    return {
      ...config,
      vendors: {
        alpaca: { ...alpaca!, calls_per_minute: 0 },
        massive: { ...massive!, datasets, calls_per_day: 0 },
        fred: { ...fred!, datasets: {} },
      },
    }
  })
  const view = await read()
  expect(of(view, 'alpaca').because).toEqual(['calls_per_minute is 0: it is never asked'])
  expect(of(view, 'alpaca').budgets[0]!.lanes.today).toEqual({ callsPerMinute: 0, leftNow: 0, nextCallAt: null })
  expect(of(view, 'massive').because).toEqual(['calls_per_day is 0: it is never asked'])
  expect(view.datasets).toMatchObject([
    { dataset: 'equities_bars', askable: [], state: expect.stringContaining('calls are missing') },
    { dataset: 'macro_treasury', vendors: [], state: expect.stringContaining('no vendor lists it') },
  ])
})

test('vendors: the forecast of a vendor is its share of the backlog', async () => {
  const view = await read()
  const alpaca = of(view, 'alpaca')
  expect(alpaca.forecast!.cells + of(view, 'massive').forecast!.cells).toBeGreaterThanOrEqual(12)
  expect((await node.get('/vendors?forecast=no')).body).not.toHaveProperty('vendors.0.forecast')
  expect(await node.get('/vendors?forecats=no')).toMatchObject({ status: 400 })
})

test('vendors: a 429 that one worker meets stops all of them, also those of the other feed, and is shown', async () => {
  const { vendors } = node.running().node
  const question = { path: '/v2/stocks/bars', query: {} }
  node.lab.alpaca.fault({ kind: 'status-429', retryAfter: '120', requests: 1 })
  await expect(vendors[0]!.get('today')(question)).rejects.toMatchObject({ fault: 'rate_limited', status: 429 })
  const workers = vendors
    .slice(0, 2)
    .flatMap((connection) => Array.from({ length: 10 }, () => connection.get('today')(question)))
  for (const one of await Promise.allSettled(workers)) {
    expect(one).toMatchObject({ reason: { fault: 'rate_limited', status: null, retryAt: EVENING + 120_000 } })
  }
  expect(node.lab.alpaca.stats().calls).toBe(1)
  await node.stop()
  await node.start()
  const lane = { leftNow: 0, nextCallAt: new Date(EVENING + 120_000).toISOString() }
  expect(of(await read(), 'alpaca').budgets[0]!.lanes).toMatchObject({ today: lane, backfill: lane })
})

test('vendors: a browser gets a page, in which what a vendor said is only text', async () => {
  await blockVendor(node.running().node.db, 'massive', EVENING + 90_000, '<script>alert(1)</script>')
  const answer = await fetch(`${node.running().address}/vendors`, { headers: { accept: 'text/html' } })
  expect(answer.headers.get('content-type')).toMatch(/^text\/html/)
  expect(answer.headers.get('content-security-policy')).toContain("default-src 'none'")
  const page = await answer.text()
  for (const part of ['alpaca', 'massive', 'of 200 calls this minute', '&lt;script&gt;']) expect(page).toContain(part)
  expect(page).not.toMatch(/<script(?! src=)/)
  expect(page).not.toMatch(/undefined|null|NaN|\[object/)
  expect(page).not.toContain(LAB_KEYS.massive)
})
