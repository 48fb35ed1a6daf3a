import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { addDays, weekday } from '../../../functions/_market/dt.ts'
import { alpaca } from '../../../functions/_vendors/alpaca/index.ts'
import { OptionsRequest } from '../../../functions/_vendors/alpaca/request.ts'
import type { CallPlan, Want } from '../../../functions/_vendors/vendor.ts'
import { expectSoundPlan, termsOf, want } from '../contract.ts'
import { NOW } from '../scripted-vendor.ts'

const requestOf = (made: CallPlan): OptionsRequest => OptionsRequest.parse(made.request)
const weekdaysFrom = (first: string, count: number): string[] =>
  Array.from({ length: count * 2 }, (_, i) => addDays(first, i))
    .filter((dt) => weekday(dt) % 6 !== 0)
    .slice(0, count)
const planOf = (wants: readonly Want[], terms = termsOf('options_bars', NOW)): CallPlan =>
  alpaca.plan(wants[0]!, wants.slice(1), terms)

describe('alpaca options plan: the window of option bars', () => {
  it('holds the head and only its underlier, within the rows, always the same', () => {
    const someWant = fc.record({
      symbol: fc.constantFrom('AAPL', 'SPY'),
      dt: fc.integer({ min: 0, max: 60 }).map((day) => addDays('2024-02-20', day)),
      expectedRows: fc.option(fc.integer({ min: 1, max: 9000 })),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(someWant, { minLength: 1, maxLength: 80, selector: (one) => `${one.symbol} ${one.dt}` }),
        fc.nat(),
        fc.constantFrom('day', 'minute' as const),
        fc.integer({ min: 1, max: 8 }),
        (given, pick, timeframe, pagesPerPlan) => {
          const head = given[pick % given.length]!
          const others = given.filter((one) => one !== head)
          const terms = { ...termsOf('options_bars', NOW, { pagesPerPlan }), timeframe: timeframe as 'day' }
          const made = alpaca.plan(head, others, terms)
          expectSoundPlan(made, head, others)
          expect(alpaca.plan(head, others, terms)).toEqual(made)
          expect(made.isResumable).toBe(true)
          expect(made.wants.every((one) => one.symbol === head.symbol)).toBe(true)
          const { from, to } = requestOf(made)
          expect(from).toBe(head.dt)
          expect(made.wants.every((one) => one.dt >= from && one.dt <= to)).toBe(true)
          const usual = timeframe === 'day' ? 400 : 4000
          const rows = made.wants.reduce((sum, one) => sum + (one.expectedRows ?? usual), 0)
          if (made.wants.length > 1) expect(rows).toBeLessThanOrEqual(10_000 * pagesPerPlan)
        },
      ),
    )
  })

  it('reckons four hundred daily bars or four thousand minutes a day where nobody knows better', () => {
    const wants = weekdaysFrom('2024-03-04', 70).map((dt) => want('AAPL', dt))
    const terms = termsOf('options_bars', NOW, { pagesPerPlan: 2 })
    expect(planOf(wants, terms).wants.length).toBe(50)
    expect(planOf(wants, { ...terms, timeframe: 'minute' }).wants.length).toBe(5)
    const known = wants.map((one) => ({ ...one, expectedRows: 2000 }))
    expect(planOf(known, terms).wants.length).toBe(10)
  })

  it('estimates lists, batches and pages', () => {
    const one = planOf([want('AAPL', '2024-03-04')])
    // Two lists, four batches of a hundred contracts, and no page is filled.
    expect(one.expectedCalls).toBe(6)
    const minutes = planOf(
      weekdaysFrom('2024-03-04', 5).map((dt) => want('AAPL', dt)),
      { ...termsOf('options_bars', NOW), timeframe: 'minute' },
    )
    expect(minutes.expectedCalls).toBe(2 + 5 + 2)
  })

  it('never asks for more than a hundred contracts a call', () => {
    const few = termsOf('options_bars', NOW, { symbolsPerCall: 7, rowsPerPage: 50_000 })
    expect(requestOf(planOf([want('AAPL', '2024-03-04')])).contractsPerCall).toBe(100)
    expect(requestOf(planOf([want('AAPL', '2024-03-04')], few))).toMatchObject({ contractsPerCall: 7, limit: 10_000 })
  })

  it('shows nothing of the present once nothing trades any more on the last day', () => {
    const made = (now: number) => planOf([want('AAPL', '2024-06-13')], termsOf('options_bars', now))
    expect(made(NOW)).toEqual(made(NOW + 86_400_000 * 30))
    expect(requestOf(made(NOW))).toMatchObject({ start: '2024-06-13T04:00:00Z', end: '2024-06-14T03:59:00Z' })
    const evening = [21, 22].map((hour) => requestOf(made(instantOf('2024-06-13', `${hour}:07`))).end)
    expect(evening).toEqual(['2024-06-14T00:00:00Z', '2024-06-14T00:00:00Z'])
    expect(requestOf(made(instantOf('2024-06-13', '12:00'))).end).toBe('2024-06-13T15:44:00Z')
  })

  it('ends with the ticker and asks for it by its name of those days', () => {
    const names = { META: { until: null, was: [{ symbol: 'FB', to: '2024-03-06' }] } }
    const wants = weekdaysFrom('2024-03-04', 5).map((dt) => want('META', dt))
    const terms = { ...termsOf('options_bars', NOW), names }
    expect(requestOf(planOf(wants, terms))).toMatchObject({ underlier: 'META', ticker: 'FB', to: '2024-03-06' })
    expect(requestOf(planOf(wants.slice(3), terms))).toMatchObject({ ticker: 'META', to: '2024-03-08' })
  })
})
