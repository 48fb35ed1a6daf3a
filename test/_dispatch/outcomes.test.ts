import { expect, test } from 'vitest'
import { outcomesOf } from '../../functions/_dispatch/outcomes.ts'
import { cellKey } from '../../functions/_market/cell.ts'
import { FAULTS } from '../../functions/_market/outcome.ts'
import type { Row } from '../../functions/_market/row.ts'
import { type Answer, VendorError, type Want } from '../../functions/_vendors/vendor.ts'
import { bar, minutes, specOf, yieldOf } from '../_lake/lake-fixture.ts'

const daily = specOf('equities_bars')
const minute = specOf('equities_bars_minute')
const macro = specOf('macro_treasury')
const want = (expectedRows: number | null = 1, symbol = 'AAPL'): Want => ({ symbol, dt: '2024-07-03', expectedRows })
const KEY = cellKey('AAPL', '2024-07-03')

const answer = (more: Partial<Answer> = {}): Answer => ({
  rows: new Map(),
  complete: new Set(),
  faults: new Map(),
  interruption: null,
  unrequested: [],
  calls: 1,
  ...more,
})
const served = (rows: Row[]): Answer => answer({ complete: new Set([KEY]), rows: new Map([[KEY, rows]]) })
const only = (given: Answer, wanted: Want, spec = daily) => outcomesOf(given, [wanted], spec)[0]!

test('outcomes: rows in an answered cell fill it', () => {
  expect(only(served([bar(1)]), want())).toMatchObject({ outcome: 'filled', rows: [bar(1)], error: null })
})

test('outcomes: an answered cell without rows is empty, without the source saying so', () => {
  expect(only(answer({ complete: new Set([KEY]) }), want())).toMatchObject({ outcome: 'empty', saysNone: false })
})

test('outcomes: rows without any value are the source saying that there is none', () => {
  const none = served([yieldOf('DGS10', null), yieldOf('DGS2', null)])
  expect(only(none, want(11), macro)).toMatchObject({ outcome: 'empty', saysNone: true })
})

test('outcomes: fewer series than the day has is short, values counted and not rows', () => {
  const rows = [yieldOf('DGS10', 4.2), yieldOf('DGS2', null)]
  expect(only(served(rows), want(2), macro)).toMatchObject({ outcome: 'short', rows })
  expect(only(served([yieldOf('DGS10', 4.2), yieldOf('DGS2', 4)]), want(2), macro).outcome).toBe('filled')
})

test('outcomes: a thin minute day is filled: how many minutes a symbol trades is its own affair', () => {
  expect(only(served(minutes(12)), want(390), minute).outcome).toBe('filled')
})

test('outcomes: where nobody knows how many rows there should be, any row fills', () => {
  expect(only(served([yieldOf('DGS10', 4.2)]), want(null), macro).outcome).toBe('filled')
})

test.each(FAULTS)('outcomes: a fault %s of one cell is its outcome, whatever else happened', (fault) => {
  const error = new VendorError('alpaca', fault, 'said so')
  const interruption = new VendorError('alpaca', 'unavailable', 'then the line went dead')
  const given = answer({ faults: new Map([[KEY, error]]), interruption })
  expect(only(given, want())).toEqual({
    want: want(),
    key: KEY,
    outcome: fault,
    rows: [],
    saysNone: false,
    error,
  })
})

test('outcomes: cells behind an interruption share its fault, cells before it keep their rows', () => {
  const interruption = new VendorError('alpaca', 'rate_limited', 'enough')
  const given = { ...served([bar(1)]), interruption }
  const outcomes = outcomesOf(given, [want(), want(1, 'MSFT')], daily)
  expect(outcomes.map(({ outcome }) => outcome)).toEqual(['filled', 'rate_limited'])
  expect(outcomes[1]?.error).toBe(interruption)
})

test('outcomes: a cell an answer silently leaves out is unavailable, not empty', () => {
  expect(only(answer(), want())).toMatchObject({ outcome: 'unavailable', saysNone: false })
})
