/** What every connector must hold whatever the vendor answers; used by the tests of the registry and of each vendor. */
import { expect } from 'vitest'
import { cellKey, type DatasetName } from '../../functions/_market/cell.ts'
import type { Answer, CallPlan, PlanTerms, Want } from '../../functions/_vendors/vendor.ts'

export const SERIES = { UST: ['DGS2', 'DGS10', 'DGS30'] }

export const termsOf = (dataset: DatasetName, now: number, shape: Partial<PlanTerms['shape']> = {}): PlanTerms => ({
  dataset,
  now,
  settledUntil: null,
  timeframe: dataset === 'equities_bars_minute' ? 'minute' : dataset === 'macro_treasury' ? null : 'day',
  expireWithinDays: 60,
  tickerEvents: true,
  names: {},
  series: SERIES,
  shape: { feed: 'sip', rowsPerPage: 10_000, symbolsPerCall: 500, pagesPerPlan: 3, ...shape },
})

export const headOf = (dataset: DatasetName, dt = '2024-06-03'): Want => ({
  symbol: dataset === 'macro_treasury' ? 'UST' : 'AAPL',
  dt,
  expectedRows: null,
})

export const want = (symbol: string, dt: string, expectedRows: number | null = null): Want => ({
  symbol,
  dt,
  expectedRows,
})

const keyOf = (one: Want): string => cellKey(one.symbol, one.dt)

/** A plan answers its head, only cells it was given, and each once. */
export function expectSoundPlan(plan: CallPlan, head: Want, others: readonly Want[]): void {
  const given = new Map([head, ...others].map((one) => [keyOf(one), one]))
  const keys = plan.wants.map(keyOf)
  expect(keys).toContain(keyOf(head))
  expect(new Set(keys).size).toBe(keys.length)
  for (const key of keys) expect(given.has(key)).toBe(true)
  expect(plan.expectedCalls).toBeGreaterThanOrEqual(1)
  expect(Number.isInteger(plan.expectedCalls)).toBe(true)
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan)
}

/** Every cell is complete, faulty, or unanswered for a stated reason; rows belong to complete cells only. */
export function expectSoundAnswer(answer: Answer, plan: CallPlan): void {
  const wanted = new Set(plan.wants.map(keyOf))
  for (const key of answer.complete) {
    expect(wanted.has(key)).toBe(true)
    expect(answer.faults.has(key)).toBe(false)
  }
  for (const key of answer.faults.keys()) expect(wanted.has(key)).toBe(true)
  for (const [key, rows] of answer.rows) {
    expect(answer.complete.has(key)).toBe(true)
    expect(rows.length).toBeGreaterThan(0)
  }
  if (answer.complete.size + answer.faults.size < wanted.size) expect(answer.interruption).not.toBeNull()
  for (const { rows } of answer.unrequested) expect(rows).toBeGreaterThan(0)
}
