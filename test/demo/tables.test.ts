import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LedgerLine } from './report.ts'
import { actionLine, type CellRow, cellTable, isClosed, reasonLines, taskLine, totalOf, vendorTable } from './tables.ts'

const closedRow = fc
  .record({ present: fc.nat(9_999_999), held: fc.nat(9_999), absent: fc.nat(9_999_999), open: fc.nat(9_999) })
  .map((parts): CellRow => {
    return {
      dataset: 'equities_bars_minute',
      expected: parts.present + parts.held + parts.absent + parts.open,
      ...parts,
    }
  })

const numbersOf = (line: string): number[] =>
  (line.match(/[\d,]+/g) ?? []).map((text) => Number(text.replaceAll(',', '')))

describe('cell table', () => {
  test('the last row is the sum of the others, and every row closes', () => {
    fc.assert(
      fc.property(fc.array(closedRow, { minLength: 1, maxLength: 5 }), (rows) => {
        const [, ...lines] = cellTable(rows)
        const printed = lines.filter((line) => /\d/.test(line)).map(numbersOf)
        const total = printed.pop() as number[]
        expect(total).toEqual(total.map((_, column) => printed.reduce((sum, row) => sum + row[column]!, 0)))
        for (const [expected, ...parts] of [...printed, total]) {
          expect(expected).toBe(parts.reduce((sum, part) => sum + part, 0))
        }
        expect(isClosed(totalOf(rows))).toBe(true)
        expect(Math.max(...cellTable(rows).map(({ length }) => length))).toBeLessThan(80)
      }),
    )
  })

  test('a sum that does not close is told under its row', () => {
    const row = { dataset: 'equities_bars', expected: 10, present: 8, held: 0, absent: 1, open: 0 }
    expect(isClosed(row)).toBe(false)
    expect(cellTable([row]).join('\n')).toContain('this sum does not close')
  })
})

describe('reasons and vendors', () => {
  const line = (state: LedgerLine['state'], why: string, cells: number): LedgerLine => ({
    dataset: 'equities_bars',
    state,
    why,
    cells,
  })

  test('a dataset says who filled it and why the rest has no data, in lines that fit', () => {
    const lines = [
      line('present', 'alpaca', 20_414),
      line('present', 'massive', 188),
      line('held', 'COMPLETENESS', 2),
      line('absent', 'VENDORS_AGREE_EMPTY', 37),
    ]
    const shown = reasonLines('equities_bars', lines, 79)
    expect(shown.map((text) => text.trim()).join(' ')).toBe(
      'equities_bars         filled by alpaca 20,414, massive 188; held for COMPLETENESS 2; no data for VENDORS_AGREE_EMPTY 37',
    )
    expect(Math.max(...shown.map(({ length }) => length))).toBeLessThan(80)
  })

  test('the vendor table shows calls against the budget', () => {
    const [, massive] = vendorTable({ massive: { calls: 83, rows: 73_786, violations: 0 } }, { massive: 5 })
    expect(massive).toMatch(/^ {2}massive +83 +5 +0 +73,786$/)
  })

  test('the task line fits', () => {
    const tasks = { enqueued: 46_496_000, filled: 25_996_000, absent: 20_496_000, stalled: 0 }
    expect(taskLine(tasks).length).toBeLessThan(80)
  })
})

test('an action line names the company, the day, the terms, and what they did to the price', () => {
  const action = {
    symbol: 'NVDA',
    dt: '2024-06-10',
    cash: null,
    old_shares: 1,
    new_shares: 10,
    before: 120.5,
    after: 12.1,
  }
  const split = actionLine({ ...action, kind: 'forward_split' })
  expect(split).toBe('    NVDA forward_split 2024-06-10: 1 old for 10 new; raw close 120.50, then 12.10')
  const dividend = { ...action, kind: 'cash_dividend', cash: 0.58, old_shares: null, new_shares: null }
  expect(actionLine(dividend)).toBe('    NVDA cash_dividend 2024-06-10: 0.58 USD a share')
})
