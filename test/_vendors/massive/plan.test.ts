import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { addDays, weekday } from '../../../functions/_market/dt.ts'
import { plan } from '../../../functions/_vendors/massive/plan.ts'
import { MassiveRequest } from '../../../functions/_vendors/massive/wire.ts'
import { weekdaysBetween } from '../../../functions/_vendors/weekdays.ts'
import { expectSoundPlan, termsOf, want } from '../contract.ts'
import { NOW } from '../scripted-vendor.ts'

const someWant = fc.record({
  symbol: fc.constantFrom('A', 'AAPL', 'BRK.B', 'MSFT', 'ZZZ'),
  dt: fc.integer({ min: 0, max: 200 }).map((day) => addDays('2024-02-20', day)),
  expectedRows: fc.option(fc.integer({ min: 1, max: 900 })),
})

const days = (from: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => addDays(from, i)).filter((dt) => weekday(dt) % 6 !== 0)

describe('the plan of Massive', () => {
  it('holds the head, only what was given, each once, within every limit, and always the same', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(someWant, { minLength: 1, maxLength: 100, selector: (one) => `${one.symbol} ${one.dt}` }),
        fc.nat(),
        fc.boolean(),
        fc.integer({ min: 1, max: 4 }),
        fc.constantFrom(960, 5000, 50_000),
        (given, pick, isDaily, pagesPerPlan, rowsPerPage) => {
          const head = given[pick % given.length]!
          const others = given.filter((one) => one !== head)
          const terms = termsOf(isDaily ? 'equities_bars' : 'equities_bars_minute', NOW, {
            pagesPerPlan,
            rowsPerPage,
            symbolsPerCall: 1,
          })
          const made = plan(head, others, terms)
          expectSoundPlan(made, head, others)
          expect(plan(head, others, terms)).toEqual(made)
          const request = MassiveRequest.parse(made.request)
          if (request.kind === 'grouped') {
            expect(isDaily).toBe(true)
            expect(made.wants.every((one) => one.dt === head.dt)).toBe(true)
            expect(made.expectedCalls).toBe(1)
          } else {
            expect(
              made.wants.every((one) => one.symbol === head.symbol && one.dt >= request.from && one.dt <= request.to),
            ).toBe(true)
            const rows = weekdaysBetween(request.from, request.to) * (isDaily ? 1 : 960)
            expect(rows).toBeLessThanOrEqual(rowsPerPage * pagesPerPlan)
            expect(made.expectedCalls).toBeLessThanOrEqual(pagesPerPlan)
          }
        },
      ),
    )
  })

  it('takes the market when more symbols want the day than days want the symbol, else the range', () => {
    const column = ['AAPL', 'MSFT', 'ZZZ'].map((symbol) => want(symbol, '2024-06-03'))
    const row = ['2024-06-04', '2024-06-05'].map((dt) => want('AAPL', dt))
    const kindOf = (others: typeof row): string =>
      MassiveRequest.parse(plan(column[0]!, others, termsOf('equities_bars', NOW)).request).kind
    expect(kindOf(column.slice(1))).toBe('grouped')
    expect(kindOf([...column.slice(1), ...row.slice(1)])).toBe('grouped')
    expect(kindOf([...column.slice(1), ...row])).toBe('range')
  })

  it('reads years of days in one call, before and after the head', () => {
    const all = days('2015-01-01', 3000)
    const head = want('AAPL', all[1000]!)
    const others = all.filter((dt) => dt !== head.dt).map((dt) => want('AAPL', dt))
    const made = plan(head, others, termsOf('equities_bars', NOW, { rowsPerPage: 50_000, pagesPerPlan: 1 }))
    expect(made.wants.length).toBe(all.length)
    expect(made.expectedCalls).toBe(1)
  })

  it('takes as many minute days as fit, and does not page across months that nobody wants', () => {
    const all = days('2024-01-01', 200)
    const shape = { rowsPerPage: 50_000, pagesPerPlan: 2 }
    const dense = plan(
      want('AAPL', all[0]!),
      all.slice(1).map((dt) => want('AAPL', dt)),
      termsOf('equities_bars_minute', NOW, shape),
    )
    expect(dense.wants.length).toBe(Math.floor(100_000 / 960))
    const sparse = plan(
      want('AAPL', '2024-01-02'),
      [want('AAPL', '2024-12-02')],
      termsOf('equities_bars_minute', NOW, { rowsPerPage: 50_000, pagesPerPlan: 9 }),
    )
    expect(sparse.wants.length).toBe(1)
  })
})

describe('the weekdays of a range', () => {
  it('are counted as if one by one', () => {
    fc.assert(
      fc.property(fc.integer({ min: -9000, max: 9000 }), fc.integer({ min: -3, max: 800 }), (start, length) => {
        const from = addDays('2000-01-01', start)
        const counted = Array.from({ length: Math.max(0, length) }, (_, i) => addDays(from, i)).filter(
          (dt) => ![0, 6].includes(weekday(dt)),
        )
        expect(weekdaysBetween(from, addDays(from, length - 1))).toBe(counted.length)
      }),
    )
  })
})
