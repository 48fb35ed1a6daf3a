import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COUNTED_MS } from '../../db/budgets/take-calls.ts'
import { emptyInBursts, grantedAt } from '../../functions/_forecast/rate-windows.ts'

const NOON = Date.UTC(2024, 6, 5, 12)
const HOUR = 3_600_000

/** An account of ten calls in the time that a call counts. */
const account = (releases: { at: number; calls: number }[] = [], from = NOON) => ({
  perMinute: (10 * 60_000) / COUNTED_MS,
  from,
  releases,
})
const flowed = (calls: number): number => NOON + (calls / 10) * COUNTED_MS

test('rate windows: calls that are free are granted at once, each further window of them when the one before is over', () => {
  const windows = (calls: number): number => (grantedAt(flowed(calls), account(), NOON) - NOON) / COUNTED_MS
  expect([5, 10, 11, 20, 25].map(windows)).toEqual([0, 0, 1, 1, 2])
})

test('rate windows: calls that were sent lately are granted again when they stop counting', () => {
  const releases = [
    { at: NOON + 10_000, calls: 3 },
    { at: NOON + 30_000, calls: 4 },
  ]
  const seconds = (calls: number): number => (grantedAt(flowed(calls), account(releases), NOON) - NOON) / 1_000
  expect([3, 4, 6, 7, 10].map(seconds)).toEqual([0, 10, 10, 30, 30])
  expect(seconds(11)).toBe(COUNTED_MS / 1_000)
})

test('rate windows: a vendor that may be asked only later finds a whole window free', () => {
  const later = NOON + HOUR
  const busy = account([{ at: NOON + 1_000, calls: 10 }])
  expect(grantedAt(later + COUNTED_MS / 2, busy, later)).toBe(later)
  expect(grantedAt(later + 2 * COUNTED_MS, busy, later)).toBe(later + COUNTED_MS)
})

test('rate windows: a grant is never more than a window away from an even flow, never before the start, and never goes back', () => {
  const instant = fc.integer({ min: 0, max: 100 * HOUR }).map((ms) => NOON + ms)
  const spent = fc.tuple(fc.integer({ min: 0, max: COUNTED_MS }), fc.integer({ min: 0, max: 10 }))
  fc.assert(
    fc.property(instant, instant, instant, instant, spent, (a, b, from, later, [age, calls]) => {
      const [at, after] = a < b ? [a, b] : [b, a]
      const known = account([{ at: from + age, calls }], from)
      const granted = grantedAt(at, known, later)
      expect(Math.abs(granted - at)).toBeLessThanOrEqual(COUNTED_MS + 1)
      expect(granted).toBeGreaterThanOrEqual(Math.min(at, Math.max(from, later)))
      expect(grantedAt(after, known, later)).toBeGreaterThanOrEqual(granted)
    }),
    { seed: 5, numRuns: 500 },
  )
})

test('rate windows: a pool is empty with the last vendor that has a share in it, and never where it is not foreseen', () => {
  const source = { account: 'a', cellsPerCall: 1, from: NOON }
  const pools = [
    {
      cells: 9,
      sources: [
        { ...source, vendor: 'a' },
        { ...source, vendor: 'b', account: 'b' },
      ],
    },
    { cells: 9, sources: [{ ...source, vendor: 'a' }] },
    { cells: 0, sources: [{ ...source, vendor: 'a' }] },
  ]
  const rate = { ...account(), leftToday: null, perDay: null }
  const accounts = new Map([
    ['a', rate],
    ['b', { ...rate, releases: [{ at: NOON + COUNTED_MS, calls: 10 }] }],
  ])
  const share = { cells: 9, calls: 9 }
  const at = NOON + COUNTED_MS
  const shares = [
    new Map([
      ['a', share],
      ['b', share],
    ]),
    new Map(),
    new Map(),
  ]
  expect(emptyInBursts(pools, { emptyAt: [at, null, NOON], shares }, accounts)).toEqual([at, null, NOON])
  const ofOne = [new Map([['a', share]]), ...shares.slice(1)]
  expect(emptyInBursts(pools, { emptyAt: [at, null, NOON], shares: ofOne }, accounts)).toEqual([NOON, null, NOON])
})
