import { afterEach, describe, expect, test, vi } from 'vitest'
import { loadConfig } from '../config/load.ts'
import type { Listing } from '../config/schema.ts'
import { listReferences } from '../db/symbol-references/list-references.ts'
import { recordFiled } from '../db/symbol-references/record-filed.ts'
import { calendarOf } from '../functions/_calendar/calendar.ts'
import { CONNECTORS } from '../functions/_vendors/registry.ts'
import { bars, type SmallTerms, startTestNode, type TestNode } from './test-node.ts'

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DAY = 86_400_000
const START = calendarOf('xnys').first
/** Vendors' lists drop a company some days after its last. */
const MONDAY = Date.parse('2025-07-14T20:30:00-04:00')
/** Who the companies are: the lab knows it, the universe does not say it. */
const TRUE_LIVES = [
  { symbol: 'AAPL', from: '2010-01-04', to: null },
  { symbol: 'GONE', from: '2012-03-01', to: '2025-07-01' },
  { symbol: 'NEW', from: '2025-07-02', to: null },
]
const undated = (symbol: string): Listing => ({ symbol, from: START, to: null, undated: true })
const PLAIN = TRUE_LIVES.map(({ symbol }) => undated(symbol))

let node: TestNode
afterEach(() => node.remove())
async function setup(terms: SmallTerms = {}): Promise<TestNode> {
  const sources = { alpaca: bars('alpaca', TRUE_LIVES), massive: bars('massive', TRUE_LIVES) }
  node = await startTestNode({ universe: PLAIN, sources, now: MONDAY, ...terms })
  return node
}

/** Calls the function as a chain does: again while there is more, and when it says to come back. */
async function untilIdle(): Promise<Record<string, unknown>> {
  for (let call = 0; call < 50; call++) {
    const { status, body } = await node.post('/reference')
    if (status !== 200) throw new Error(JSON.stringify(body))
    if (!body.more && body.nextAt === null) return body
    if (!body.more) await node.clock.sleep(Date.parse(String(body.nextAt)) - node.clock.now())
  }
  throw new Error('reference was not idle after 50 calls')
}

const universe = (): Listing[] => node.running().node.config.universe
const symbolOf = async (symbol: string): Promise<Record<string, unknown>> =>
  ((await node.get(`/symbols?symbol=${symbol}`)).body.symbols as Record<string, unknown>[])[0] ?? {}
const lives = (): string[] => universe().map(({ symbol, from, to }) => `${symbol} ${from} ${to}`)

describe('reference: a universe of plain tickers', () => {
  test('gets its first days from the vendors, and a delisting when a second evening states it', async () => {
    await setup()
    expect(lives()).toEqual(PLAIN.map(({ symbol }) => `${symbol} ${START} null`))
    expect(await untilIdle()).toMatchObject({
      ok: true,
      vendors: [
        { vendor: 'alpaca', due: 0 },
        { vendor: 'massive', due: 0 },
      ],
      contradictions: 0,
      suggestions: 1,
    })
    expect(lives()).toEqual(['AAPL 2010-01-04 null', 'GONE 2012-03-01 null', 'NEW 2025-07-02 null'])
    await node.clock.sleep(7 * DAY)
    expect(await untilIdle()).toMatchObject({ changed: ['GONE'], suggestions: 0 })
    expect(lives()).toEqual(['AAPL 2010-01-04 null', 'GONE 2012-03-01 2025-07-02', 'NEW 2025-07-02 null'])
  })

  test('applies a delisting at once where the deliveries end with it', async () => {
    await setup()
    await node.night()
    expect(lives()).toContain('GONE 2012-03-01 2025-07-02')
  })

  test('is not asked about again within the week, and costs Massive a handful of calls', async () => {
    await setup()
    await untilIdle()
    const asked = node.asked()
    const before = await node.databaseText()
    expect(node.lab.massive.stats().calls).toBe(5)
    expect(node.lab.alpaca.stats().calls).toBe(1)
    await untilIdle()
    await node.clock.sleep(3 * DAY)
    expect(await untilIdle()).toMatchObject({ changed: [] })
    expect(node.asked()).toBe(asked)
    expect(await node.databaseText()).toBe(before)
  })

  test('is what it was after a restart, and what the audit expects', async () => {
    await setup()
    await untilIdle()
    const before = lives()
    await node.stop()
    await node.start()
    expect(lives()).toEqual(before)
    // Ten sessions from 2025-06-30, eight of them in the life of NEW, beside ten days of yields.
    expect((await node.post('/audit')).body).toMatchObject({ expected: 10 + 10 + 8 + 10 })
  })

  test('drops tasks for days outside a life that a vendor states', async () => {
    await setup()
    expect((await node.post('/audit')).body).toMatchObject({ expected: 4 * 10, dropped: 0 })
    await untilIdle()
    expect((await node.post('/audit')).body).toMatchObject({ expected: 4 * 10 - 2, dropped: 2 })
  })

  test('keeps a symbol alive that Massive lacks, and believes no delisting of an earlier company', async () => {
    const earlier = { ticker: 'AAPL', delisted_utc: '2003-05-02T04:00:00Z', name: 'Older Company' }
    await setup({ listFaults: { missing: ['AAPL'], earlierCompanies: [earlier] } })
    await untilIdle()
    await node.clock.sleep(7 * DAY)
    await untilIdle()
    expect(lives()).toContain(`AAPL ${START} null`)
    expect((await symbolOf('AAPL')).contradictions).toEqual([
      'AAPL was delisted (massive 2003-05-02), but alpaca lists it: it is taken to live',
    ])
    expect((await node.get('/status')).body.symbols).toMatchObject({ contradictions: 1 })
  })

  test('does not believe a first day after data that was delivered', async () => {
    await setup({ listFaults: { wrong: { AAPL: { list_date: '2025-07-03' } } } })
    await node.night()
    expect(lives()).toContain(`AAPL ${START} null`)
    expect((await symbolOf('AAPL')).contradictions).toEqual([
      'the first day of AAPL is not applied (massive 2025-07-03): data of 2025-06-30 was delivered',
    ])
  })
})

test('reference: a universe with first days is reported on, never changed, and costs no call a symbol', async () => {
  const stated = TRUE_LIVES.map(({ symbol }) => ({ symbol, from: '2010-01-04', to: null }))
  await setup({ universe: stated })
  await untilIdle()
  expect(universe()).toEqual(stated)
  expect(node.lab.massive.stats().calls).toBe(2)
  expect((await symbolOf('GONE')).suggestions).toEqual([
    'GONE was delisted (massive 2025-07-02): if that is right, give it `to: 2025-07-02` in the universe',
  ])
})

test('reference: without keys it says so and is no failure', async () => {
  await setup({ env: { MASSIVE_API_KEY: '', APCA_API_KEY_ID: '' } })
  expect((await node.post('/reference')).body).toMatchObject({
    ok: true,
    vendors: [
      { vendor: 'alpaca', skipped: 'set APCA_API_KEY_ID in the environment' },
      { vendor: 'massive', skipped: 'set MASSIVE_API_KEY in the environment' },
    ],
    more: false,
    nextAt: null,
  })
  expect(node.asked()).toBe(0)
})

test('reference: earlier tickers that two vendors state apply to the ticker asked, and survive a restart', async () => {
  await setup()
  const { db } = node.running().node
  const filed = (vendor: string, to: string) => ({ vendor, symbol: 'AAPL', tickers: [{ symbol: 'APPL', to }] })
  await recordFiled(db, [filed('alpaca', '2020-01-03'), filed('massive', '2020-01-06')], MONDAY)
  expect((await node.post('/reference')).body).toMatchObject({ changed: expect.arrayContaining(['AAPL']) })
  const was = [{ symbol: 'APPL', to: '2020-01-03' }]
  expect(universe().find(({ symbol }) => symbol === 'AAPL')).toMatchObject({ was })
  await node.stop()
  await node.start()
  expect(universe().find(({ symbol }) => symbol === 'AAPL')).toMatchObject({ was })
  expect(await symbolOf('AAPL')).toMatchObject({ was, wasStatedBy: [{ vendor: 'alpaca' }, { vendor: 'massive' }] })
})

describe('reference: a name change that Alpaca files as a corporate action', () => {
  const renamed = {
    actions: () => [
      { kind: 'name-change' as const, symbol: 'AAPL', oldSymbol: 'APPL', exDt: '2025-07-03', knownDt: '2025-06-01' },
    ],
  }
  /** Corporate actions too, and Massive's events where `names` says so. */
  const withActions = async (names: boolean): Promise<TestNode> => {
    const { corporate_actions } = (await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) }))
      .datasets
    return setup({
      actions: { alpaca: renamed, massive: renamed },
      change: ({ datasets, vendors, ...config }) => ({
        ...config,
        datasets: { ...datasets, corporate_actions: { ...corporate_actions!, depth: { from: '2025-06-30' } } },
        vendors: { ...vendors, massive: { ...vendors.massive!, references: { names } } },
      }),
    })
  }
  const applied = (): unknown => universe().find(({ symbol }) => symbol === 'AAPL')?.was

  test('is a suggestion while it is stated by one vendor', async () => {
    await withActions(false)
    await node.night()
    expect(applied()).toBeUndefined()
    expect((await symbolOf('AAPL')).suggestions).toEqual([
      'AAPL was APPL before (last day: alpaca 2025-07-02): if that is right, give it `was: [{ symbol: APPL, to: 2025-07-02 }]` in the universe',
    ])
  })

  test("applies with the filed day when Massive's events, whose days are approximate, agree", async () => {
    await withActions(true)
    await node.night()
    expect(applied()).toEqual([{ symbol: 'APPL', to: '2025-07-02' }])
    expect(await symbolOf('AAPL')).toMatchObject({
      wasStatedBy: [{ vendor: 'alpaca' }, { vendor: 'massive' }],
      suggestions: [],
      contradictions: [],
    })
  })
})

test('reference: what a vendor said counts no more once the vendor is out of the configuration', async () => {
  await setup()
  await untilIdle()
  await node.reconfigure((config) => {
    const { massive: _, ...vendors } = config.vendors
    return { ...config, vendors }
  })
  expect(lives()).toEqual(PLAIN.map(({ symbol }) => `${symbol} ${START} null`))
  expect(await listReferences(node.running().node.db)).not.toEqual([])
})
