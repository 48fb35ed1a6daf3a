import fc from 'fast-check'
import { expect, test } from 'vitest'
import { COUNTED_MS } from '../../db/budgets/take-calls.ts'
import { emptyInBursts, grantedAt } from '../../functions/_forecast/rate-windows.ts'

const NOON = Date.UTC(2024, 6, 5, 12)
const HOUR = 3_600_000

test('rate windows: calls that are free are granted at once, each further window of them when the one before is over', () => {
  const windows = (flowed: number, room: number): number =>
    (grantedAt(NOON + flowed * COUNTED_MS, { from: NOON, room }, NOON) - NOON) / COUNTED_MS
  expect([0.5, 1, 1.1, 2, 2.5].map((flowed) => windows(flowed, 1))).toEqual([0, 0, 1, 1, 2])
  expect([0.4, 0.5, 0.6, 1.5, 1.6].map((flowed) => windows(flowed, 0.5))).toEqual([0, 0, 1, 1, 2])
})

test('rate windows: a grant is never more than a window away from an even flow, never before the start, and never goes back', () => {
  const instant = fc.integer({ min: 0, max: 100 * HOUR }).map((ms) => NOON + ms)
  fc.assert(
    fc.property(
      instant,
      instant,
      instant,
      instant,
      fc.double({ min: 0, max: 1, noNaN: true }),
      (a, b, from, later, room) => {
        const [at, after] = a < b ? [a, b] : [b, a]
        const granted = grantedAt(at, { from, room }, later)
        expect(Math.abs(granted - at)).toBeLessThanOrEqual(COUNTED_MS + 1)
        expect(granted).toBeGreaterThanOrEqual(Math.min(at, Math.max(from, later)))
        expect(grantedAt(after, { from, room }, later)).toBeGreaterThanOrEqual(granted)
      },
    ),
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
  const rate = { perMinute: 1, leftToday: null, perDay: null, from: NOON }
  const accounts = new Map([
    ['a', { ...rate, room: 1 }],
    ['b', { ...rate, room: 0 }],
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
