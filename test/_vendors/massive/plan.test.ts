import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { addDays, weekday } from '../../../functions/_market/dt.ts'
import { plan } from '../../../functions/_vendors/massive/plan.ts'
import { type ActionsRequest, MassiveRequest, type RangeRequest } from '../../../functions/_vendors/massive/request.ts'
import type { PlanTerms, Want } from '../../../functions/_vendors/vendor.ts'
import { openDaysBetween, weekdaysBetween } from '../../../functions/_vendors/weekdays.ts'
import { expectSoundPlan, termsOf, want } from '../contract.ts'
import { NOW } from '../scripted-vendor.ts'

const someWant = fc.record({
  symbol: fc.constantFrom('A', 'AAPL', 'BRK.B', 'MSFT', 'ZZZ'),
  dt: fc.integer({ min: 0, max: 200 }).map((day) => addDays('2024-02-20', day)),
  expectedRows: fc.option(fc.integer({ min: 1, max: 900 })),
})

const days = (from: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => addDays(from, i)).filter((dt) => weekday(dt) % 6 !== 0)

describe('massive plan: the plan of Massive', () => {
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
            const rows = openDaysBetween(request.from, request.to) * (isDaily ? 1 : 390)
            if (made.wants.length > 1) expect(rows).toBeLessThanOrEqual(rowsPerPage * pagesPerPlan)
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
    // Minutes beside the regular ones only mean that the last days are left for another plan.
    expect(openDaysBetween(dense.wants[0]!.dt, dense.wants.at(-1)!.dt)).toBe(
      Math.min(Math.floor(100_000 / 390), openDaysBetween(all[0]!, all.at(-1)!)),
    )
    expect(dense.stopsAfter).toBe(2)
    const sparse = plan(
      want('AAPL', '2024-01-02'),
      [want('AAPL', '2024-12-02')],
      termsOf('equities_bars_minute', NOW, { rowsPerPage: 50_000, pagesPerPlan: 9 }),
    )
    expect(sparse.wants.length).toBe(1)
  })
})

describe('massive plan: the plan of bars', () => {
  const META = { META: { until: null, was: [{ symbol: 'FB', to: '2022-06-08' }] } }
  const week = days('2022-06-06', 9)
  const requestOf = (head: string, names: PlanTerms['names'], symbol = 'META') => {
    const wants = week.map((dt) => want(symbol, dt))
    const made = plan(
      wants.find(({ dt }) => dt === head)!,
      wants.filter(({ dt }) => dt !== head),
      { ...termsOf('equities_bars', NOW), names },
    )
    const { ticker, from, to } = MassiveRequest.parse(made.request) as RangeRequest
    expect(made.wants.every(({ dt }) => dt >= from && dt <= to)).toBe(true)
    return { ticker, from, to }
  }

  it('never crosses the day a symbol was renamed', () => {
    expect(requestOf('2022-06-06', META)).toEqual({ ticker: 'FB', from: '2022-06-06', to: '2022-06-08' })
    expect(requestOf('2022-06-10', META)).toEqual({ ticker: 'META', from: '2022-06-09', to: '2022-06-14' })
  })

  it('never crosses the last day of a symbol', () => {
    const names = { GONE: { until: '2022-06-09', was: [] } }
    expect(requestOf('2022-06-06', names, 'GONE').to).toBe('2022-06-09')
  })

  it('takes the length of a bar from the dataset, not from its name', () => {
    const terms = { ...termsOf('equities_bars', NOW), timeframe: 'minute' as const }
    const others = ['AAPL', 'MSFT'].map((symbol) => want(symbol, '2024-06-03'))
    expect(plan(want('IBM', '2024-06-03'), others, terms).request).toMatchObject({ kind: 'range', timespan: 'minute' })
    expect(() => plan(want('IBM', '2024-06-03'), [], { ...terms, timeframe: null })).toThrow(/timeframe/)
  })
})

describe('massive plan: the plan of options', () => {
  const all = days('2024-01-02', 200)
  const planOf = (
    head: string,
    others: string[],
    more: Partial<PlanTerms> = {},
    shape: Partial<PlanTerms['shape']> = {},
  ) => {
    const terms = { ...termsOf('options_bars', NOW, { rowsPerPage: 50_000, symbolsPerCall: 1, ...shape }), ...more }
    const wants = others.map((dt) => want('AAPL', dt))
    const made = plan(want('AAPL', head), [...wants, want('SPY', head)], terms)
    expectSoundPlan(made, want('AAPL', head), [...wants, want('SPY', head)])
    expect(made.wants.every(({ symbol }) => symbol === 'AAPL')).toBe(true)
    expect(plan(want('AAPL', head), [...wants, want('SPY', head)], { ...terms, now: terms.now + 60_000 })).toEqual(made)
    return made
  }

  it('reads up to sixty days from the head on, can be resumed, and is the same a minute later', () => {
    const made = planOf(all[0]!, all.slice(1))
    expect(made).toMatchObject({
      isResumable: true,
      request: {
        kind: 'options',
        ticker: 'AAPL',
        timespan: 'day',
        from: '2024-01-02',
        to: '2024-03-01',
        expireWithinDays: 60,
      },
    })
    expect(made.expectedCalls).toBeGreaterThan(100)
  })

  it('keeps the bars of a contract on one page', () => {
    const made = planOf(all[0]!, all.slice(1), { timeframe: 'minute' }, { rowsPerPage: 9_600 })
    expect(made.wants.length).toBe(10)
  })

  it('does not reach back, nor over days that share no contract with the ones before, nor over a new name', () => {
    expect(planOf('2024-02-01', ['2024-01-31', '2024-02-02']).wants.length).toBe(2)
    const expireWithinDays = 10
    expect(planOf('2024-02-01', ['2024-02-09', '2024-02-26'], { expireWithinDays }).wants.map(({ dt }) => dt)).toEqual([
      '2024-02-01',
      '2024-02-09',
    ])
    const names = { AAPL: { until: null, was: [{ symbol: 'APC', to: '2024-02-01' }] } }
    expect(planOf('2024-02-01', ['2024-02-02'], { names })).toMatchObject({
      request: { ticker: 'APC', to: '2024-02-01' },
    })
  })

  it('leaves sessions that are still open alone', () => {
    const now = instantOf('2024-06-05', '15:00')
    expect(planOf('2024-06-03', ['2024-06-04', '2024-06-05'], { now }).wants.length).toBe(2)
  })
})

describe('massive plan: the plan of corporate actions', () => {
  const planOf = (
    head: Want,
    others: Want[],
    more: Partial<PlanTerms> = {},
    shape: Partial<PlanTerms['shape']> = {},
  ) => {
    const terms = { ...termsOf('corporate_actions', NOW, { rowsPerPage: 5_000, ...shape }), ...more }
    const made = plan(head, others, terms)
    expectSoundPlan(made, head, others)
    return { made, request: MassiveRequest.parse(made.request) as ActionsRequest }
  }

  it('takes all symbols and all their days, from the day after the session before', () => {
    const head = want('MSFT', '2024-06-03')
    const others = [
      want('AAPL', '2024-05-28'),
      want('AAPL', '2024-06-03'),
      want('IBM', '2024-06-04'),
      want('MSFT', '2024-06-10'),
    ]
    const { made, request } = planOf(head, others)
    expect(request).toMatchObject({
      symbols: ['AAPL', 'IBM', 'MSFT'],
      tickers: ['AAPL', 'IBM', 'MSFT'],
      // The session before 28 May 2024 was Friday the 24th.
      from: '2024-05-25',
      to: '2024-06-10',
      limit: 5_000,
    })
    expect(made).toMatchObject({ isResumable: true, expectedCalls: 5 })
    expect(made.wants.length).toBe(5)
  })

  it("names the symbols of the head's day first, and none that is wanted outside of the window only", () => {
    const head = want('MSFT', '2004-06-03')
    const others = [want('IBM', '2004-06-03'), want('AAPL', '2004-06-04'), want('ORCL', '2024-06-03')]
    expect(planOf(head, others, {}, { symbolsPerCall: 2 }).request.symbols).toEqual(['IBM', 'MSFT'])
    const { request } = planOf(head, others, {}, { rowsPerPage: 20, pagesPerPlan: 2 })
    expect(request).toMatchObject({ symbols: ['AAPL', 'IBM', 'MSFT'], to: '2004-06-04' })
  })

  it('names all symbols where more cells wait than it was offered, and says what it covers', () => {
    const others = [want('AAPL', '2024-06-05')]
    const more = { backlog: ['AAPL', 'IBM', 'MSFT', 'ORCL'], tickerEvents: false }
    const { made, request } = planOf(want('MSFT', '2024-06-03'), others, more, { symbolsPerCall: 3 })
    expect(request).toMatchObject({ symbols: ['AAPL', 'IBM', 'MSFT'], from: '2024-06-01', to: '2024-06-05' })
    expect(made.covers).toEqual({ symbols: ['AAPL', 'IBM', 'MSFT'], from: '2024-06-03', to: '2024-06-05' })
    // Names cost a call a symbol: those of symbols that are not wanted are not asked for.
    const named = planOf(want('MSFT', '2024-06-03'), others, { ...more, tickerEvents: true })
    expect(named.request.symbols).toEqual(['AAPL', 'MSFT'])
    expect(named.made.covers).toBeUndefined()
  })

  it('names every ticker a symbol had in those days, and no other', () => {
    const names = {
      META: {
        until: null,
        was: [
          { symbol: 'OLD', to: '2015-01-02' },
          { symbol: 'FB', to: '2022-06-08' },
        ],
      },
    }
    const tickersOf = (from: string, to: string): string[] =>
      planOf(want('META', from), [want('META', to)], { names }).request.tickers
    expect(tickersOf('2022-06-07', '2022-06-10')).toEqual(['FB', 'META'])
    expect(tickersOf('2014-06-09', '2022-06-10')).toEqual(['FB', 'META', 'OLD'])
    expect(tickersOf('2022-06-06', '2022-06-08')).toEqual(['FB'])
    expect(tickersOf('2023-06-06', '2023-06-08')).toEqual(['META'])
    const gone = { GONE: { until: '2024-06-03', was: [] } }
    expect(planOf(want('GONE', '2024-06-03'), [], { names: gone }).request.tickers).toEqual(['GONE'])
  })

  it('stays within the symbols of a call, the length of an address and the pages of a plan', () => {
    const many = Array.from({ length: 900 }, (_, i) => want(`SYMBOLNAMED${1000 + i}`, '2024-06-03'))
    const head = want('ZZZ', '2024-06-03')
    expect(planOf(head, many, {}, { symbolsPerCall: 7 }).request.symbols).toEqual([
      ...many.slice(0, 6).map(({ symbol }) => symbol),
      'ZZZ',
    ])
    const { request } = planOf(head, many, {}, { symbolsPerCall: 5_000 })
    expect(request.symbols).toContain('ZZZ')
    expect(encodeURIComponent(request.tickers.join()).length).toBeLessThan(7_000)
    const years = days('2000-01-03', 9_000).map((dt) => want('ZZZ', dt))
    const { made } = planOf(years[0]!, years.slice(1), {}, { rowsPerPage: 20, pagesPerPlan: 3 })
    expect(made.wants.at(-1)?.dt).toBe('2013-05-03')
    expect(made.expectedCalls).toBe(1 + 2 + 1)
  })

  it('has a page of each list at the least, and a call a symbol only where names are asked for', () => {
    const head = want('AAPL', '2024-06-03')
    const others = [want('MSFT', '2024-06-03')]
    expect(planOf(head, others, {}, { pagesPerPlan: 1 }).made.expectedCalls).toBe(2 + 2)
    expect(planOf(head, others, { tickerEvents: false }, { pagesPerPlan: 1 }).made.expectedCalls).toBe(2)
  })

  it('lets only one of two symbols of one spelling in', () => {
    const { request } = planOf(want('BRK.B', '2024-06-03'), [want('BRK-B', '2024-06-03')])
    expect(request).toMatchObject({ symbols: ['BRK.B'], tickers: ['BRK.B'] })
  })
})

describe('massive plan: the weekdays of a range', () => {
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
