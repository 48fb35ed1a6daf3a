import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantOf, newYorkDt } from '../../../functions/_calendar/zone.ts'
import { addDays, dayNumber } from '../../../functions/_market/dt.ts'
import { plan } from '../../../functions/_vendors/fred/plan.ts'
import { halvesOf, LATEST, pagesOf, windowsSince } from '../../../functions/_vendors/fred/windows.ts'
import { FredRequest } from '../../../functions/_vendors/fred/wire.ts'
import { weekdaysBetween } from '../../../functions/_vendors/weekdays.ts'
import { expectSoundPlan, SERIES, termsOf, want } from '../contract.ts'
import { NOW } from '../scripted-vendor.ts'
import { termsOfFred } from './asking.ts'

const someDt = fc.integer({ min: 0, max: 23_900 }).map((day) => addDays('1962-01-02', day))

describe('fred plan: real-time windows', () => {
  it('follow one another from the first day to the present, and none holds more than 2,000 weekdays', () => {
    fc.assert(
      fc.property(someDt, someDt, (from, today) => {
        const windows = windowsSince(from, today)
        expect(windows[0]?.start).toBe(from)
        expect(windows.at(-1)?.end).toBe(LATEST)
        for (const [i, { start, end }] of windows.entries()) {
          if (i > 0) expect(start).toBe(addDays(windows[i - 1]!.end, 1))
          if (windows.length > 1) expect(start < today).toBe(true)
          // The last one may be asked some days after it was planned.
          expect(weekdaysBetween(start, end === LATEST ? addDays(today, 5) : end)).toBeLessThanOrEqual(2_000)
        }
      }),
    )
  })

  it('are as few as can be: three for twenty years', () => {
    expect(windowsSince('2004-06-14', '2024-06-14').length).toBe(3)
    expect(windowsSince('2024-06-14', '2024-06-14').length).toBe(1)
    // A second one would begin today, which may be tomorrow for the vendor.
    expect(windowsSince(addDays('2024-06-14', -399 * 7), '2024-06-14').length).toBe(1)
    expect(windowsSince(addDays('2024-06-14', -399 * 7 - 1), '2024-06-14').length).toBe(2)
    expect(windowsSince('2024-06-17', '2024-06-14')).toEqual([{ start: '2024-06-17', end: LATEST }])
  })

  it('have halves that cover them, or none when they hold one day', () => {
    expect(halvesOf({ start: '2024-06-01', end: '2024-06-02' }, '2024-06-14')).toEqual([
      { start: '2024-06-01', end: '2024-06-01' },
      { start: '2024-06-02', end: '2024-06-02' },
    ])
    expect(halvesOf({ start: '2024-06-02', end: '2024-06-02' }, '2024-06-14')).toBeNull()
    expect(halvesOf({ start: '2024-06-14', end: LATEST }, '2024-06-14')).toBeNull()
  })
})

describe('fred plan: the plan of FRED', () => {
  it('holds the head, only what was given, each once, within every limit, and always the same', () => {
    const someWant = fc.record({
      symbol: fc.constantFrom('UST', 'OTHER'),
      dt: someDt,
      expectedRows: fc.constant(null),
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(someWant, { minLength: 1, maxLength: 60, selector: (one) => `${one.symbol} ${one.dt}` }),
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom(100, 5_000, 100_000),
        (given, pagesPerPlan, rowsPerPage) => {
          const head = given[0]!
          const terms = {
            ...termsOf('macro_treasury', NOW, { pagesPerPlan, rowsPerPage }),
            series: { ...SERIES, OTHER: ['DFF'] },
          }
          const made = plan(head, given.slice(1), terms)
          expectSoundPlan(made, head, given.slice(1))
          expect(plan(head, given.slice(1), terms)).toEqual(made)
          const request = FredRequest.parse(made.request)
          const { group, series, from, to, windows } = request
          expect(made.wants.every((one) => one.symbol === group && one.dt >= from && one.dt <= to)).toBe(true)
          expect(windows).toEqual(windowsSince(from, newYorkDt(NOW)))
          const pages = windows.reduce((sum, window) => sum + pagesOf(request, window), 0)
          expect(made.expectedCalls).toBe(series.length * pages)
          const alone = plan(head, [], terms).expectedCalls
          expect(made.expectedCalls).toBeLessThanOrEqual(Math.max(pagesPerPlan, alone))
          expect(made.isResumable ?? false).toBe(made.expectedCalls > 20)
        },
      ),
    )
  })

  it('takes later days along for nothing, even where the head alone exceeds the bound', () => {
    const days = Array.from({ length: 300 }, (_, i) => want('UST', addDays('1962-01-02', 70 * i)))
    const terms = termsOfFred()
    const made = plan(days[0]!, days.slice(1), { ...terms, shape: { ...terms.shape, pagesPerPlan: 1 } })
    expect(made.wants.length).toBe(300)
    expect(made.expectedCalls).toBe(3 * 9)
  })

  it('goes back no further than the bound allows', () => {
    const head = want('UST', '2024-06-03')
    const others = [want('UST', '2008-01-02'), want('UST', '2023-01-03')]
    const terms = termsOfFred()
    const made = plan(head, others, { ...terms, shape: { ...terms.shape, pagesPerPlan: 3 } })
    expect(made.wants.map((one) => one.dt).sort()).toEqual(['2023-01-03', '2024-06-03'])
    expect(made.isResumable).toBeUndefined()
  })

  it('ends with the New York day of asking, which its addresses do not show', () => {
    const at = (now: number) => FredRequest.parse(plan(want('UST', '2024-06-03'), [], termsOfFred({ now })).request)
    const evening = at(instantOf('2024-06-14', '23:59'))
    const night = at(instantOf('2024-06-15', '00:01'))
    expect([evening.today, night.today]).toEqual(['2024-06-14', '2024-06-15'])
    expect(night.windows).toEqual(evening.windows)
    expect(dayNumber(night.today) - dayNumber(evening.today)).toBe(1)
  })

  it('says which group has no series', () => {
    expect(() => plan(want('BUNDS', '2024-05-24'), [], termsOf('macro_treasury', NOW))).toThrow(/BUNDS/)
  })
})
