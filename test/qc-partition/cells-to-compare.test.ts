import { expect, test } from 'vitest'
import { cellsToCompare } from '../../functions/qc-partition/cells-to-compare.ts'
import type { ExpectedCell } from '../../functions/qc-partition/measure-request.ts'

const cells = Array.from({ length: 500 }, (_, at): ExpectedCell => {
  const digest = at % 10 === 0 ? null : 'd'.repeat(64)
  return {
    symbol: `S${at}`,
    dt: '2024-07-03',
    expectedRows: 1,
    present: true,
    reason: null,
    digest,
  }
})
const work = (version: number) => ({
  dataset: 'equities_bars',
  partition: '2024',
  version,
  curatedSha256: 'a'.repeat(64),
  contextVersion: 0,
  ledgerSha256: null,
})
const marked = (symbol: string) => ({ symbol, dt: '2024-07-03' })

test('cells to compare: a cell that was once found damaged is among them at every version, once', () => {
  for (let version = 1; version < 100; version++) {
    const names = cellsToCompare(work(version), cells, new Map(), [marked('S7')]).map(({ symbol }) => symbol)
    expect(names).toContain('S7')
    expect(new Set(names).size).toBe(names.length)
    expect(names.length).toBeLessThanOrEqual(21)
  }
})

test('cells to compare: cells without a digest and those that nobody expects are left out', () => {
  const met = new Set<string>()
  const once = [marked('S10'), marked('GONE')]
  for (let version = 1; version < 200; version++)
    for (const { symbol } of cellsToCompare(work(version), cells, new Map(), once)) met.add(symbol)
  expect(met.size).toBe(450)
  expect(met.has('S10') || met.has('GONE')).toBe(false)
})
