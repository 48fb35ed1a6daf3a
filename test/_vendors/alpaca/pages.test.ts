import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { calendarOf } from '../../../functions/_calendar/calendar.ts'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { alpaca } from '../../../functions/_vendors/alpaca/index.ts'
import type { Get } from '../../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, termsOf, want } from '../contract.ts'
import { inOrder, NOW, scriptedVendor } from '../scripted-vendor.ts'
import { asking, DAYS, daily, iso, page, wantsOf } from './asking.ts'

describe('alpaca pages: pages of Alpaca', () => {
  it('a symbol that straddles two pages is whole, and one that never came is empty', async () => {
    const answer = await asking(
      wantsOf('AAPL', 'MSFT', 'ZZZ'),
      inOrder([
        page({ AAPL: DAYS.map((dt) => daily(dt)), MSFT: [daily('2024-06-03')] }, 'one'),
        page({ MSFT: [daily('2024-06-04'), daily('2024-06-05')] }, null),
      ]),
    )
    expect(answer.interruption).toBeNull()
    expect(answer.complete.size).toBe(9)
    expect(answer.rows.size).toBe(6)
    expect(answer.asked[1]?.searchParams.get('page_token')).toBe('one')
    expect(answer.asked[0]?.searchParams.has('page_token')).toBe(false)
    expect(answer.rows.get('MSFT 2024-06-04')).toEqual([
      {
        ts: instantOf('2024-06-04', '00:00'),
        open: 10,
        high: 11,
        low: 9,
        close: 10,
        volume: 1000,
        vwap: 10.25,
        trades: 120,
      },
    ])
  })

  it('an empty last page ends the list', async () => {
    const answer = await asking(
      wantsOf('AAPL', 'GONE'),
      inOrder([page({ AAPL: DAYS.map((dt) => daily(dt)) }, 'one'), page({}, null)]),
    )
    expect(answer.interruption).toBeNull()
    expect(answer.calls).toBe(2)
    expect(answer.complete.size).toBe(6)
  })

  it('a token behind the last bar that can be there is not followed', async () => {
    const answer = await asking(wantsOf('AAPL'), inOrder([page({ AAPL: DAYS.map((dt) => daily(dt)) }, 'one')]))
    expect(answer).toMatchObject({ interruption: null, calls: 1 })
    expect(answer.complete.size).toBe(3)
  })

  it('a plan of so many pages stops behind the last of them, and the cells it did not reach may be asked for at once', async () => {
    const minute = (dt: string) => ({ ...daily(dt), t: iso(instantOf(dt, '09:30')) })
    const terms = termsOf('equities_bars_minute', NOW, { rowsPerPage: 2_500, pagesPerPlan: 2 })
    const answer = await asking(
      wantsOf('AAPL', 'MSFT'),
      inOrder([
        page({ AAPL: DAYS.map((dt) => minute(dt)) }, 'one'),
        page({ MSFT: DAYS.slice(0, 2).map((dt) => minute(dt)) }, 'two'),
      ]),
      terms,
    )
    expect(answer.plan.stopsAfter).toBe(2)
    expect(answer).toMatchObject({ calls: 2, interruption: { fault: 'rate_limited', status: null, retryAt: NOW } })
    expect([...answer.complete].sort()).toEqual([...DAYS.map((dt) => `AAPL ${dt}`), 'MSFT 2024-06-03'])
  })

  it('when the second page fails, only what lies before the last row is complete', async () => {
    const answer = await asking(
      wantsOf('AAPL', 'GONE', 'MSFT', 'ZZZ'),
      inOrder([
        page({ AAPL: DAYS.map((dt) => daily(dt)), MSFT: [daily('2024-06-03'), daily('2024-06-04')] }, 'one'),
        { status: 503, body: {} },
      ]),
    )
    expect(answer.interruption?.fault).toBe('unavailable')
    expect([...answer.complete].sort()).toEqual([
      ...DAYS.map((dt) => `AAPL ${dt}`),
      ...DAYS.map((dt) => `GONE ${dt}`),
      'MSFT 2024-06-03',
    ])
    expect(answer.rows.has('MSFT 2024-06-04')).toBe(false)
    expect(answer.faults.size).toBe(0)
  })

  it('a row that was not asked for does not push the frontier', async () => {
    const answer = await asking(
      wantsOf('AAPL', 'MSFT'),
      inOrder([
        page({ AAPL: [daily('2024-06-03'), daily('2024-06-20')], ZZZ: [daily('2024-06-03')] }, 'one'),
        { status: 500 },
      ]),
    )
    expect([...answer.complete]).toEqual([])
    expect(answer.unrequested).toEqual([
      { symbol: 'AAPL', dt: '2024-06-20', rows: 1 },
      { symbol: 'ZZZ', dt: '2024-06-03', rows: 1 },
    ])
  })

  it('pages that go back in order prove nothing before the end', async () => {
    const answer = await asking(
      wantsOf('AAPL', 'MSFT'),
      inOrder([
        page({ MSFT: [daily('2024-06-03'), daily('2024-06-04')] }, 'one'),
        page({ AAPL: [daily('2024-06-03')] }, 'two'),
        { status: 500 },
      ]),
    )
    expect(answer.complete.size).toBe(0)
  })

  it('a token that was seen before stops the run and keeps what was proven', async () => {
    const answer = await asking(
      wantsOf('AAPL', 'MSFT'),
      inOrder([
        page({ AAPL: DAYS.map((dt) => daily(dt)) }, 'one'),
        page({ MSFT: [daily('2024-06-03'), daily('2024-06-04')] }, 'two'),
        page({ MSFT: [daily('2024-06-05')] }, 'one'),
      ]),
    )
    expect(answer.interruption?.fault).toBe('malformed')
    expect(answer.calls).toBe(3)
    expect([...answer.complete].sort()).toEqual([...DAYS.map((dt) => `AAPL ${dt}`), 'MSFT 2024-06-03'])
  })

  it('pages without an end stop at a bound', async () => {
    let token = 0
    const answer = await asking(wantsOf('AAPL'), () => page({}, `token ${token++}`))
    expect(answer.interruption?.fault).toBe('malformed')
    expect(answer.calls).toBe(8)
  })

  it('a budget that ends between pages is no call, and the proven cells stay', async () => {
    let left = 1
    const answer = await asking(
      wantsOf('AAPL', 'MSFT'),
      inOrder([page({ AAPL: DAYS.map((dt) => daily(dt)) }, 'one')]),
      termsOf('equities_bars', NOW),
      async () => (left-- > 0 ? { ok: true } : { ok: false, retryAt: NOW + 1 }),
    )
    expect(answer).toMatchObject({ calls: 1, interruption: { fault: 'rate_limited', retryAt: NOW + 1 } })
    expect(answer.complete.size).toBe(2)
  })

  it('a bug of our own is not taken for a fault of the vendor', async () => {
    const terms = termsOf('equities_bars', NOW)
    const plan = alpaca.plan(want('AAPL', DAYS[0]!), [], terms)
    const broken: Get = async () => {
      throw new TypeError('ours')
    }
    await expect(alpaca.ask(plan, terms, broken)).rejects.toThrow(TypeError)
  })
})

describe('alpaca pages: any paging of any holes', () => {
  const SYMBOLS = ['A', 'AA', 'BRK.A', 'BRK.B', 'Z']
  const sessions = calendarOf('xnys').sessions('2024-05-20', '2024-06-07')
  const cells = SYMBOLS.flatMap((symbol) => sessions.map((dt) => `${symbol} ${dt}`))

  it('never calls a cell complete whose rows were not all served', async () => {
    const run = fc.asyncProperty(
      fc.subarray(cells),
      fc.subarray(cells, { minLength: 1 }),
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 12 }),
      async (held, wanted, perPage, dieAfter) => {
        const stock = [...held].sort().map((key) => {
          const [symbol = '', dt = ''] = key.split(' ')
          return { symbol, dt }
        })
        let calls = 0
        const server = await scriptedVendor((url) => {
          if (calls++ >= dieAfter) return { status: 500, body: {} }
          const offset = Number(url.searchParams.get('page_token') ?? 0)
          const symbols = new Set(url.searchParams.get('symbols')?.split(','))
          const mine = stock.filter(({ symbol, dt }) => {
            const at = instantOf(dt, '00:00')
            return (
              symbols.has(symbol) &&
              at >= Date.parse(url.searchParams.get('start') ?? '') &&
              at <= Date.parse(url.searchParams.get('end') ?? '')
            )
          })
          const bars: Record<string, object[]> = {}
          for (const { symbol, dt } of mine.slice(offset, offset + perPage)) {
            bars[symbol] = [...(bars[symbol] ?? []), daily(dt)]
          }
          return page(bars, offset + perPage < mine.length + 1 && mine.length > 0 ? String(offset + perPage) : null)
        })
        try {
          const wants = wanted
            .map((key) => key.split(' '))
            .map(([symbol = '', dt = '']) => want(symbol, dt))
            .sort((a, b) => (a.dt + a.symbol < b.dt + b.symbol ? -1 : 1))
          const [head, ...others] = wants
          if (head === undefined) return
          const terms = termsOf('equities_bars', NOW, { rowsPerPage: 50 })
          const plan = alpaca.plan(head, others, terms)
          const answer = await alpaca.ask(plan, terms, server.get(alpaca))
          expectSoundAnswer(answer, plan)
          const isHeld = new Set(held)
          for (const key of answer.complete) expect(answer.rows.has(key)).toBe(isHeld.has(key))
          if (answer.interruption === null) expect(answer.complete.size).toBe(plan.wants.length)
          expect(answer.unrequested).toEqual([])
          expect(answer.faults.size).toBe(0)
        } finally {
          await server.close()
        }
      },
    )
    await fc.assert(run, { numRuns: 60 })
  })
})
