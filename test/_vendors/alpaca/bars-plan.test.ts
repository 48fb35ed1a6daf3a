import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { addDays, weekday } from '../../../functions/_market/dt.ts'
import { planBars as plan } from '../../../functions/_vendors/alpaca/bars-plan.ts'
import { barsAddress, StocksRequest } from '../../../functions/_vendors/alpaca/request.ts'
import type { CallPlan, PlanTerms, Want } from '../../../functions/_vendors/vendor.ts'
import { expectSoundPlan, termsOf, want } from '../contract.ts'
import { NOW } from '../scripted-vendor.ts'

const byDayThenName = (a: Want, b: Want): number =>
  a.dt === b.dt ? (a.symbol < b.symbol ? -1 : 1) : a.dt < b.dt ? -1 : 1
const requestOf = (made: CallPlan): StocksRequest => StocksRequest.parse(made.request)

const calendar = calendarOf('xnys')

/** Days that a rectangle covers, counted one by one. */
function sessionsOf({ from, to }: StocksRequest): string[] {
  const days: string[] = []
  for (let dt = from; dt <= to; dt = addDays(dt, 1)) if (calendar.isSession(dt)) days.push(dt)
  return days
}

/** The rows of the whole rectangle, cell by cell. */
function rowsOf(made: CallPlan, terms: PlanTerms): number {
  const usual = terms.dataset === 'equities_bars' ? 1 : 400
  const request = requestOf(made)
  const known = new Map(made.wants.map((one) => [`${one.symbol} ${one.dt}`, one.expectedRows ?? usual]))
  let rows = 0
  for (const symbol of request.symbols) {
    for (const dt of sessionsOf(request)) {
      rows += known.get(`${symbol} ${dt}`) ?? usual
      known.delete(`${symbol} ${dt}`)
    }
  }
  for (const beyond of known.values()) rows += beyond
  return rows
}

const someWant = fc.record({
  symbol: fc.constantFrom('A', 'AAPL', 'BRK.B', 'MSFT', 'NVDA', 'ZZZ', 'LONGSYMBOL.PRA'),
  dt: fc.integer({ min: 0, max: 60 }).map((day) => addDays('2024-02-20', day)),
  expectedRows: fc.option(fc.integer({ min: 1, max: 900 })),
})

describe('alpaca bars plan: the rectangle of a plan', () => {
  it('holds the head, only what was given, each once, within every limit, and always the same', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(someWant, { minLength: 1, maxLength: 120, selector: (one) => `${one.symbol} ${one.dt}` }),
        fc.nat(),
        fc.constantFrom('equities_bars', 'equities_bars_minute' as const),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.constantFrom(10, 1000, 10_000),
        (given, pick, dataset, symbolsPerCall, pagesPerPlan, rowsPerPage) => {
          const head = given[pick % given.length]!
          const others = given.filter((one) => one !== head).sort(byDayThenName)
          const terms = termsOf(dataset as 'equities_bars', NOW, { symbolsPerCall, pagesPerPlan, rowsPerPage })
          const made = plan(head, others, terms)
          expectSoundPlan(made, head, others)
          expect(plan(head, others, terms)).toEqual(made)
          const request = requestOf(made)
          expect(request.symbols.length).toBeLessThanOrEqual(symbolsPerCall)
          const rows = rowsOf(made, terms)
          if (made.wants.length > 1) expect(rows).toBeLessThanOrEqual(rowsPerPage * pagesPerPlan)
          expect(made.expectedCalls).toBe(Math.max(1, Math.ceil(rows / rowsPerPage)))
          const inside = others.filter(
            (one) => request.symbols.includes(one.symbol) && one.dt >= request.from && one.dt <= request.to,
          )
          expect(made.wants.length).toBe(inside.length + 1)
          const cells = sessionsOf(request).length * request.symbols.length
          if (request.to > request.from) expect(made.wants.length / cells).toBeGreaterThanOrEqual(0.5)
        },
      ),
    )
  })

  it('takes a whole universe on one day and years of one symbol', () => {
    const symbols = Array.from({ length: 400 }, (_, i) => `S${String(i).padStart(3, '0')}`)
    const wide = plan(
      want('S000', '2024-06-03'),
      symbols.slice(1).map((symbol) => want(symbol, '2024-06-03')),
      termsOf('equities_bars', NOW),
    )
    expect(wide.wants.length).toBe(400)
    expect(wide.expectedCalls).toBe(1)
    const days = Array.from({ length: 1000 }, (_, i) => addDays('2020-01-01', i)).filter((dt) => weekday(dt) % 6 !== 0)
    const long = plan(
      want('AAPL', days[0]!),
      days.slice(1).map((dt) => want('AAPL', dt)),
      termsOf('equities_bars', NOW),
    )
    expect(long.wants.length).toBe(days.length)
  })

  it('reaches over a poor week to the rich ones behind it', () => {
    const days = Array.from({ length: 30 }, (_, i) => addDays('2024-03-11', i)).filter((dt) => weekday(dt) % 6 !== 0)
    const made = plan(
      want('AAPL', '2024-03-01'),
      days.map((dt) => want('AAPL', dt)),
      termsOf('equities_bars', NOW),
    )
    expect(made.wants.length).toBe(days.length + 1)
  })

  it('does not drag a half-wanted universe along: fewer than one wanted cell in two is a call of its own', () => {
    const column = ['A', 'B', 'C', 'D', 'E', 'F'].map((symbol) => want(symbol, '2024-06-03'))
    const far = want('A', '2024-06-07')
    const made = plan(column[0]!, [...column.slice(1), far], termsOf('equities_bars', NOW))
    expect(requestOf(made).to).toBe('2024-06-03')
    expect(made.wants.length).toBe(6)
  })

  it('keeps the address below eight thousand bytes', () => {
    const symbols = Array.from({ length: 2000 }, (_, i) => `SYMBOL${String(i).padStart(4, '0')}.PR`)
    const terms = termsOf('equities_bars', NOW, { symbolsPerCall: 5000 })
    const made = plan(
      want(symbols[0]!, '2024-06-03'),
      symbols.slice(1).map((symbol) => want(symbol, '2024-06-03')),
      terms,
    )
    const token = 'x'.repeat(100)
    const { path, query } = barsAddress(requestOf(made), token)
    const url = `https://data.alpaca.markets${path}?${new URLSearchParams(query)}`
    expect(url.length).toBeLessThan(8000)
    expect(made.wants.length).toBeGreaterThan(400)
  })

  it('fills ten pages from a queue of a hundred thousand', () => {
    const symbols = Array.from({ length: 500 }, (_, i) => `S${String(i).padStart(3, '0')}`)
    const days = Array.from({ length: 300 }, (_, i) => addDays('2020-01-01', i)).filter((dt) => weekday(dt) % 6 !== 0)
    const all = days.flatMap((dt) => symbols.map((symbol) => want(symbol, dt)))
    const made = plan(all[0]!, all.slice(1), termsOf('equities_bars', NOW, { pagesPerPlan: 10 }))
    expect(made.wants.length).toBe(100_000)
    expect(made.expectedCalls).toBe(10)
  })

  it('ends where most of its symbols have all the rest, rather than pay for pages that are half known', () => {
    const days = Array.from({ length: 400 }, (_, i) => addDays('2020-02-24', i)).filter((dt) => weekday(dt) % 6 !== 0)
    const filled = ['A', 'B', 'C', 'D'].flatMap((symbol) => days.slice(0, 10).map((dt) => want(symbol, dt)))
    const open = ['E', 'F', 'G'].flatMap((symbol) => days.map((dt) => want(symbol, dt)))
    const [head, ...others] = [...filled, ...open].sort(byDayThenName)
    const made = plan(head!, others, termsOf('equities_bars', NOW, { rowsPerPage: 200, pagesPerPlan: 4 }))
    // Seven symbols by 28 days are a page of 124 wanted cells; by 80 days they would be three pages of 280.
    expect(made.expectedCalls).toBe(1)
    expect(made.wants.length).toBe(4 * 10 + 3 * 28)
  })

  it('takes fewer symbols side by side where whole days of all of them would leave a page half empty', () => {
    const symbols = Array.from({ length: 40 }, (_, i) => `S${String(i).padStart(2, '0')}`)
    const days = Array.from({ length: 60 }, (_, i) => addDays('2024-03-01', i)).filter((dt) => weekday(dt) % 6 !== 0)
    const all = days.flatMap((dt) => symbols.map((symbol) => ({ symbol, dt, expectedRows: 420 })))
    const made = plan(all[0]!, all.slice(1), termsOf('equities_bars_minute', NOW, { pagesPerPlan: 4 }))
    // 40 by 2 days would be 80 cells; four pages hold 95.
    expect(made.wants.length).toBeGreaterThan(90)
    expect(made.expectedCalls).toBe(4)
  })
})
