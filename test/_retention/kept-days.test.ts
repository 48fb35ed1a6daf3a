import fc from 'fast-check'
import { expect, test } from 'vitest'
import { addDays, dtOfDay } from '../../functions/_market/dt.ts'
import { keptDays } from '../../functions/_retention/kept-days.ts'

const daysFrom = (first: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => addDays(first, at))
const NEWEST = '2026-11-29'

test('kept days: the newest days stay, then the newest of a week, then the newest of a month', () => {
  const kept = [...keptDays(daysFrom('2026-08-01', 121), { daily: 3, weekly: 3, monthly: 3 })].sort()
  expect(kept).toEqual(['2026-09-30', '2026-10-31', '2026-11-15', '2026-11-22', '2026-11-27', '2026-11-28', NEWEST])
})

test('kept days: days without anything do not count, so that a node that was off loses nothing', () => {
  const days = ['2020-01-02', '2022-05-06', '2024-07-08']
  expect([...keptDays(days, { daily: 14, weekly: 0, monthly: 0 })].sort()).toEqual(days)
})

test('kept days: the newest day always stays, and none is made up', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 10_000, max: 20_000 }).map(dtOfDay), { minLength: 1, maxLength: 60 }),
      fc.record({ daily: fc.nat(5), weekly: fc.nat(5), monthly: fc.nat(5) }),
      (days, rule) => {
        const kept = keptDays(days, rule)
        expect(kept.has([...days].sort().at(-1) as string)).toBe(true)
        expect([...kept].every((day) => days.includes(day))).toBe(true)
        expect(kept.size).toBeLessThanOrEqual(Math.max(1, rule.daily) + rule.weekly + rule.monthly)
      },
    ),
  )
})
