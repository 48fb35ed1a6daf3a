import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AccountRate, simulateDrain, type WorkClass } from '../../functions/_forecast/drain-simulation.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const NOON = Date.UTC(2024, 6, 5, 12)

const rate = (perMinute: number, more: Partial<AccountRate> = {}): AccountRate => ({
  perMinute,
  leftToday: null,
  perDay: null,
  from: NOON,
  releases: [],
  ...more,
})
const served = (vendor: string, cellsPerCall: number, more: Partial<WorkClass['sources'][number]> = {}) => ({
  vendor,
  account: vendor,
  cellsPerCall,
  from: NOON,
  ...more,
})
const minutes = (at: number | null | undefined): number => ((at ?? Number.POSITIVE_INFINITY) - NOON) / MINUTE

test('drain simulation: one vendor takes as long as its calls take', () => {
  const flow = simulateDrain([{ cells: 5_000, sources: [served('a', 10)] }], new Map([['a', rate(50)]]), NOON)
  expect(minutes(flow.emptyAt[0])).toBeCloseTo(10)
  expect(flow.shares[0]!.get('a')).toEqual({ cells: 5_000, calls: expect.closeTo(500) })
  expect(minutes(flow.idleAt.get('a'))).toBeCloseTo(10)
})

test('drain simulation: what only one vendor can do is spared for it, and both end together', () => {
  const pools = [
    { cells: 600, sources: [served('a', 1), served('b', 1)] },
    { cells: 600, sources: [served('b', 1)] },
  ]
  const flow = simulateDrain(
    pools,
    new Map([
      ['a', rate(60)],
      ['b', rate(60)],
    ]),
    NOON,
  )
  expect(flow.emptyAt.map(minutes)).toEqual([expect.closeTo(10), expect.closeTo(10)])
  expect(flow.shares[0]!.has('b')).toBe(false)
})

test('drain simulation: each does what it does best', () => {
  const pools = [
    { cells: 1_000, sources: [served('a', 100), served('b', 10)] },
    { cells: 1_000, sources: [served('a', 100), served('b', 90)] },
  ]
  const flow = simulateDrain(
    pools,
    new Map([
      ['a', rate(1)],
      ['b', rate(1)],
    ]),
    NOON,
  )
  expect(flow.shares[0]!.has('b')).toBe(false)
  expect(flow.shares[1]!.get('b')!.cells).toBeGreaterThan(890)
})

test('drain simulation: vendors of one account share its calls', () => {
  const pools = [
    { cells: 100, sources: [served('a', 1)] },
    { cells: 100, sources: [served('a_second', 1, { account: 'a' })] },
  ]
  const flow = simulateDrain(pools, new Map([['a', rate(10)]]), NOON)
  expect(Math.max(...flow.emptyAt.map(minutes))).toBeCloseTo(20)
})

test('drain simulation: a daily cap lets the rest wait for the next UTC day', () => {
  const flow = simulateDrain(
    [{ cells: 250, sources: [served('a', 1)] }],
    new Map([['a', rate(100, { leftToday: 50, perDay: 100 })]]),
    NOON,
  )
  expect(minutes(flow.emptyAt[0])).toBeCloseTo(12 * 60 + 24 * 60 + 1)
})

test('drain simulation: nothing flows before a vendor may be asked', () => {
  const flow = simulateDrain(
    [{ cells: 10, sources: [served('a', 1, { from: NOON + HOUR })] }],
    new Map([['a', rate(10)]]),
    NOON,
  )
  expect(minutes(flow.emptyAt[0])).toBeCloseTo(61)
})

test.each<[string, WorkClass, AccountRate]>([
  ['nobody serves', { cells: 10, sources: [] }, rate(10)],
  ['no call is allowed', { cells: 10, sources: [served('a', 1)] }, rate(0)],
  ['the day allows none', { cells: 10, sources: [served('a', 1)] }, rate(10, { leftToday: 0, perDay: 0 })],
  ['lies beyond all years', { cells: 1e15, sources: [served('a', 1)] }, rate(1)],
])('drain simulation: a pool that %s is never empty, and the answer comes all the same', (_what, pool, terms) => {
  const flow = simulateDrain([pool, { cells: 0, sources: [] }], new Map([['a', terms]]), NOON)
  expect(flow.emptyAt).toEqual([null, NOON])
  for (const { vendor } of pool.sources) expect(flow.idleAt.get(vendor)).toBeNull()
})

test('drain simulation: every cell is done once, and no account does more than it may', () => {
  const anyPool = fc.record({
    cells: fc.nat({ max: 5_000 }),
    sources: fc.uniqueArray(
      fc.record({
        vendor: fc.constantFrom('a', 'b', 'c'),
        cellsPerCall: fc.integer({ min: 1, max: 500 }),
        from: fc.constantFrom(NOON, NOON + HOUR),
      }),
      { selector: ({ vendor }) => vendor, minLength: 1 },
    ),
  })
  const anyRate = fc.record({
    perMinute: fc.integer({ min: 1, max: 200 }),
    cap: fc.option(fc.integer({ min: 1, max: 300 }), { nil: null }),
  })
  fc.assert(
    fc.property(fc.array(anyPool, { maxLength: 6 }), fc.tuple(anyRate, anyRate, anyRate), (given, terms) => {
      const pools = given.map((pool) => ({
        ...pool,
        sources: pool.sources.map((one) => ({ ...one, account: one.vendor })),
      }))
      const accounts = new Map(
        ['a', 'b', 'c'].map((name, at) => {
          const { perMinute, cap } = terms[at]!
          return [name, rate(perMinute, { leftToday: cap, perDay: cap })] as const
        }),
      )
      const flow = simulateDrain(pools, accounts, NOON)
      const calls = new Map<string, number>()
      pools.forEach(({ cells }, at) => {
        const done = [...flow.shares[at]!.values()].reduce((sum, share) => sum + share.cells, 0)
        expect(done).toBeCloseTo(cells, 3)
        for (const [vendor, share] of flow.shares[at]!) calls.set(vendor, (calls.get(vendor) ?? 0) + share.calls)
      })
      for (const [vendor, spent] of calls) {
        const { perMinute, perDay } = accounts.get(vendor)!
        const until = flow.idleAt.get(vendor)!
        expect(spent).toBeLessThanOrEqual(minutes(until) * perMinute + 0.01)
        if (perDay === null) continue
        const days = Math.floor(until / DAY) - Math.floor(NOON / DAY) + 1
        expect(spent).toBeLessThanOrEqual(days * perDay + 0.01)
      }
    }),
    { numRuns: 200 },
  )
})
