import { describe, expect, test } from 'vitest'
import { differenceBetween } from '../../functions/_dispatch/detect-corrections.ts'
import { Difference, differenceText } from '../../functions/_market/difference.ts'
import type { Row } from '../../functions/_market/row.ts'
import { action, bar, JULY_3, minutes, optionBar, specOf, yieldOf } from '../_lake/lake-fixture.ts'

const MINUTE = specOf('equities_bars_minute')
const between = (before: readonly Row[], after: readonly Row[], spec = MINUTE): Difference => {
  const found = differenceBetween(before, after, spec)
  // What is stored is read back through this.
  expect(Difference.parse(JSON.parse(JSON.stringify(found)))).toEqual(found)
  return found
}
const NONE = { added: 0, removed: 0, changed: 0, fields: [] }

describe('detect corrections: how two versions of a cell differ', () => {
  test('a volume alone', () => {
    const before = minutes(3, { volume: 1000 })
    const after = before.map((row, at) => (at === 1 ? { ...row, volume: 1250 } : row))
    const found = between(before, after)
    expect(found).toEqual({
      ...NONE,
      changed: 1,
      fields: [{ field: 'volume', rows: 1, emptied: 0, largest: 0.25 }],
    })
    expect(differenceText(found)).toBe('1 row changed: volume in 1 by up to 25 %')
  })

  test('several fields in several rows: each with its own rows and its own largest change', () => {
    const before = [bar(JULY_3, { close: 100 }), bar(JULY_3 + 60_000, { close: 100, open: 50 })]
    const after = [bar(JULY_3, { close: 101 }), bar(JULY_3 + 60_000, { close: 98, open: 51 })]
    const found = between(before, after)
    expect(found.changed).toBe(2)
    expect(found.fields.map(({ field, rows }) => [field, rows])).toEqual([
      ['open', 1],
      ['close', 2],
    ])
    expect(found.fields[1]!.largest).toBeCloseTo(0.02, 12)
  })

  test('a column that turns null has no magnitude, nor has one that comes out of null or of zero', () => {
    const before = minutes(4, { vwap: 10, trades: null, volume: 0 })
    const after = minutes(4, { vwap: null, trades: 5, volume: 7 })
    const found = between(before, after)
    expect(found.fields).toEqual([
      { field: 'volume', rows: 4, emptied: 0, largest: null },
      { field: 'vwap', rows: 4, emptied: 4, largest: null },
      { field: 'trades', rows: 4, emptied: 0, largest: null },
    ])
    expect(differenceText(found)).toBe('4 rows changed: volume in 4, vwap in 4 (4 now empty), trades in 4')
  })

  test('minutes that come late are added, those that vanish are gone', () => {
    const all = minutes(390)
    const lacking = all.filter((_, at) => at !== 100 && at !== 200)
    expect(between(lacking, all)).toEqual({ ...NONE, added: 2 })
    expect(differenceText(between(all, lacking))).toBe('2 rows gone')
  })

  test('of rows that are repeated the last counts, and repeats alone are said to be that', () => {
    const before = [bar(JULY_3, { close: 9 }), bar(JULY_3)]
    expect(between(before, [bar(JULY_3)])).toEqual(NONE)
    expect(differenceText(NONE)).toBe('only repeated rows differ')
    expect(between([bar(JULY_3)], before)).toEqual(NONE)
    expect(between(before, [bar(JULY_3, { close: 9 })]).changed).toBe(1)
  })

  test('options are compared by contract and start', () => {
    const spec = specOf('options_bars')
    const before = [optionBar('AAPL240719C00200000', JULY_3), optionBar('AAPL240719C00210000', JULY_3)]
    const after = [optionBar('AAPL240719C00200000', JULY_3, { close: 21 }), optionBar('AAPL240719C00220000', JULY_3)]
    expect(between(before, after, spec)).toEqual({
      added: 1,
      removed: 1,
      changed: 1,
      fields: [{ field: 'close', rows: 1, emptied: 0, largest: 1 }],
    })
  })

  test('actions by kind and id: days and texts change without a magnitude', () => {
    const spec = specOf('corporate_actions')
    const before = [action('a', '2024-07-03', { cash: 0.5, payable_date: '2024-08-01', subtype: 'special' })]
    const after = [action('a', '2024-07-03', { cash: 0.25, payable_date: '2024-08-02', subtype: null })]
    expect(between(before, after, spec).fields).toEqual([
      { field: 'payable_date', rows: 1, emptied: 0, largest: null },
      { field: 'cash', rows: 1, emptied: 0, largest: 0.5 },
      { field: 'subtype', rows: 1, emptied: 1, largest: null },
    ])
    expect(between(before, [action('b', '2024-07-03')], spec)).toEqual({ ...NONE, added: 1, removed: 1 })
  })

  test('yields by series; the day from which a vintage was known is no difference', () => {
    const spec = specOf('macro_treasury')
    const before = [yieldOf('DGS1', 5), yieldOf('DGS10', 4, '2024-07-05')]
    const after = [yieldOf('DGS1', null), yieldOf('DGS10', 4, '2024-07-08')]
    expect(between(before, after, spec)).toEqual({
      ...NONE,
      changed: 1,
      fields: [{ field: 'value', rows: 1, emptied: 1, largest: null }],
    })
  })

  test('a change too large for a number is told without a magnitude', () => {
    const found = between([bar(JULY_3, { volume: Number.MIN_VALUE })], [bar(JULY_3, { volume: 1e300 })])
    expect(found.fields).toEqual([{ field: 'volume', rows: 1, emptied: 0, largest: null }])
  })
})
