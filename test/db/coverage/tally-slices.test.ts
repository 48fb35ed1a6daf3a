import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Slice, type TalliedRange, type Tally, tallySlices } from '../../../db/coverage/tally-slices.ts'
import { fillCoverage, type Masks } from '../../coverage/node-with-masks.ts'
import { DATASET, freshDb } from '../temp-db.ts'

const MONTHS = ['2023-12', '2024-01', '2024-02']
const SYMBOLS = ['AAPL', 'BRK.B', 'MSFT']
const FULL = 2 ** 31 - 1

const countBits = (mask: number): number => mask.toString(2).replaceAll('0', '').length

const anyMask = fc.oneof(fc.integer({ min: 0, max: FULL }), fc.constantFrom(0, 1, 2 ** 30, FULL))
const anyScene = fc.record({
  masks: fc.uniqueArray(
    fc
      .record({
        symbol: fc.constantFrom(...SYMBOLS),
        month: fc.constantFrom(...MONTHS),
        bits: fc.array(anyMask, { minLength: 4, maxLength: 4 }),
      })
      .map(
        ({ symbol, month, bits: [present = 0, short = 0, absent = 0, held = 0] }): Masks => ({
          symbol,
          month,
          present,
          short: short & present,
          absent: absent & ~present,
          held: held & present,
        }),
      ),
    { selector: ({ symbol, month }) => `${symbol} ${month}` },
  ),
  ranges: fc.uniqueArray(
    fc
      .record({
        symbol: fc.constantFrom(...SYMBOLS),
        row: fc.nat(1),
        months: fc.tuple(fc.nat(2), fc.nat(2)),
        fromMask: anyMask,
        toMask: anyMask,
      })
      .map(
        ({ months: [a, b], ...symbolRange }): TalliedRange => ({
          ...symbolRange,
          fromMonth: MONTHS[Math.min(a, b)]!,
          toMonth: MONTHS[Math.max(a, b)]!,
        }),
      ),
    { selector: ({ symbol }) => symbol },
  ),
  slices: fc.array(
    fc
      .record({
        column: fc.nat(2),
        month: fc.constantFrom(...MONTHS),
        mask: anyMask,
        byRule: fc.constantFrom<0 | 1>(0, 1),
      })
      .map((slice): Slice => ({ ...slice, days: countBits(slice.mask) })),
    { maxLength: 5 },
  ),
})

/** The same question, asked day by day. */
function naively(masks: Masks[], ranges: TalliedRange[], slices: Slice[]): Tally[] {
  const found = new Map<string, Tally>()
  for (const symbolRange of ranges) {
    for (const known of masks.filter(
      ({ symbol, month }) =>
        symbol === symbolRange.symbol && month >= symbolRange.fromMonth && month <= symbolRange.toMonth,
    )) {
      for (const { column, byRule, mask } of slices.filter(({ month }) => month === known.month)) {
        const key = `${symbolRange.row} ${column} ${byRule}`
        const tally = found.get(key) ?? {
          row: symbolRange.row,
          column,
          byRule,
          present: 0,
          short: 0,
          absent: 0,
          held: 0,
        }
        found.set(key, tally)
        for (let day = 0; day < 31; day++) {
          const isIn = (bits: number): boolean => (bits & (1 << day)) !== 0
          if (!isIn(mask)) continue
          if (known.month === symbolRange.fromMonth && !isIn(symbolRange.fromMask)) continue
          if (known.month === symbolRange.toMonth && !isIn(symbolRange.toMask)) continue
          for (const kind of ['present', 'short', 'absent', 'held'] as const) if (isIn(known[kind])) tally[kind]++
        }
      }
    }
  }
  return [...found.values()]
}

const sorted = (tallies: Tally[]): string[] =>
  tallies
    .map((tally) => JSON.stringify(tally, ['row', 'column', 'byRule', 'present', 'short', 'absent', 'held']))
    .sort()

test('tally slices: masks are counted as if day by day', { timeout: 60_000 }, async () => {
  const db = await freshDb()
  let dataset = 0
  await fc.assert(
    fc.asyncProperty(anyScene, async ({ masks, ranges, slices }) => {
      const name = `${DATASET} ${dataset++}`
      await fillCoverage(db, name, masks)
      expect(sorted(await tallySlices(db, name, ranges, slices))).toEqual(sorted(naively(masks, ranges, slices)))
    }),
    { numRuns: 300 },
  )
})
