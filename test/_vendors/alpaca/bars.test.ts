import { describe, expect, it } from 'vitest'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { termsOf, want } from '../contract.ts'
import { inOrder } from '../scripted-vendor.ts'
import { asking, DAYS, daily, iso, page, wantsOf } from './asking.ts'

describe('alpaca bars: what is asked of Alpaca', () => {
  it('raw bars of the New York days, the last minute included and the next midnight not', async () => {
    const answer = await asking(wantsOf('BRK.B', 'AAPL'), inOrder([page({}, null)]))
    expect(Object.fromEntries(answer.asked[0]?.searchParams ?? [])).toEqual({
      symbols: 'AAPL,BRK.B',
      timeframe: '1Day',
      start: '2024-06-03T04:00:00Z',
      end: '2024-06-06T03:59:00Z',
      limit: '10000',
      adjustment: 'raw',
      feed: 'sip',
      sort: 'asc',
      asof: '2024-06-14',
    })
  })

  it('never the newest sixteen minutes, and a session that was still open then is too recent', async () => {
    const now = instantOf('2024-06-05', '16:10')
    const answer = await asking(
      wantsOf('AAPL'),
      inOrder([page({ AAPL: DAYS.map((dt) => daily(dt)) }, null)]),
      termsOf('equities_bars', now),
    )
    expect(answer.asked[0]?.searchParams.get('end')).toBe(iso(instantOf('2024-06-05', '15:54')))
    expect([...answer.complete]).toEqual(['AAPL 2024-06-03', 'AAPL 2024-06-04'])
    const error = answer.faults.get('AAPL 2024-06-05')
    expect(error).toMatchObject({ fault: 'too_recent', retryAt: instantOf('2024-06-05', '16:16') })
  })

  it('nothing when the day has not begun', async () => {
    const now = instantOf('2024-06-03', '00:10')
    const answer = await asking(wantsOf('AAPL').slice(0, 1), inOrder([]), termsOf('equities_bars', now))
    expect(answer.calls).toBe(0)
    expect(answer.faults.get('AAPL 2024-06-03')?.fault).toBe('too_recent')
  })
})

describe('alpaca bars: a symbol Alpaca cannot spell', () => {
  it('is refused on its own account and the rest is asked again', async () => {
    const poison = new Set(['BAD', 'WORSE'])
    const answer = await asking(wantsOf('AAPL', 'BAD', 'WORSE'), (url) => {
      const named = url.searchParams
        .get('symbols')
        ?.split(',')
        .find((symbol) => poison.has(symbol))
      if (named !== undefined) return { status: 400, body: { message: `invalid symbol: ${named}` } }
      return page({ AAPL: DAYS.map((dt) => daily(dt)) }, null)
    })
    expect(answer).toMatchObject({ calls: 3, interruption: null })
    expect([...answer.complete].sort()).toEqual(DAYS.map((dt) => `AAPL ${dt}`))
    expect(answer.faults.get('BAD 2024-06-04')?.fault).toBe('not_entitled')
    expect(answer.faults.size).toBe(6)
  })

  it('that turns up on a later page starts the question afresh, without rows twice', async () => {
    const answer = await asking(
      wantsOf('AAPL', 'BAD'),
      inOrder([
        page({ AAPL: [daily('2024-06-03')] }, 'one'),
        { status: 400, body: { message: 'invalid symbol: BAD' } },
        page({ AAPL: DAYS.map((dt) => daily(dt)) }, null),
      ]),
    )
    expect(answer.calls).toBe(3)
    expect(answer.rows.get('AAPL 2024-06-03')?.length).toBe(1)
  })

  it('but was never asked for is an error like any other', async () => {
    const answer = await asking(wantsOf('AAPL'), inOrder([{ status: 400, body: { message: 'invalid symbol: OTHER' } }]))
    expect(answer).toMatchObject({ calls: 1, interruption: { fault: 'malformed' } })
  })
})

describe('alpaca bars: unrequested rows', () => {
  it('are rows outside the range, of other symbols and on closed days; covered cells nobody wants are not', async () => {
    const rows = ['2024-06-02', ...DAYS, '2024-06-08', '2024-06-08'].map((dt) => daily(dt))
    const wants = [
      want('AAPL', '2024-06-03'),
      want('MSFT', '2024-06-03'),
      want('AAPL', '2024-06-05'),
      want('MSFT', '2024-06-04'),
    ]
    const answer = await asking(wants, inOrder([page({ AAPL: rows, EXTRA: [daily(DAYS[0]!)] }, null)]))
    expect(answer.unrequested).toEqual([
      { symbol: 'AAPL', dt: '2024-06-02', rows: 1 },
      { symbol: 'AAPL', dt: '2024-06-08', rows: 2 },
      { symbol: 'EXTRA', dt: '2024-06-03', rows: 1 },
    ])
    expect([...answer.rows.keys()].sort()).toEqual(['AAPL 2024-06-03', 'AAPL 2024-06-05'])
  })
})
