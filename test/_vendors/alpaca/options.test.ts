import { describe, expect, it } from 'vitest'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { termsOf, want } from '../contract.ts'
import { NOW, type Reply, type Script } from '../scripted-vendor.ts'
import { asking, DAYS, daily, page } from './asking.ts'

const CALL = 'AAPL240621C00190000'
const PUT = 'AAPL240621P00190500'

const listing = (symbol: string, more: object = {}): object => {
  const [, yy, mm, dd, right, strike] = /(\d\d)(\d\d)(\d\d)([CP])(\d{8})$/.exec(symbol) ?? []
  return {
    id: 'x',
    symbol,
    status: 'active',
    underlying_symbol: 'AAPL',
    root_symbol: 'AAPL',
    expiration_date: `20${yy}-${mm}-${dd}`,
    type: right === 'C' ? 'call' : 'put',
    strike_price: String(Number(strike) / 1000),
    ...more,
  }
}
const listed = (rows: unknown[], token: string | null = null): Reply => ({
  body: { option_contracts: rows, next_page_token: token },
})

interface World {
  active?: unknown[]
  inactive?: unknown[]
  bars?: (contracts: string[], token: string | null) => Reply
}

/** A vendor with these contracts; each has the same daily bars unless told otherwise. */
const world =
  ({ active = [], inactive = [], bars }: World): Script =>
  (url) => {
    const { searchParams } = url
    if (url.pathname === '/v2/options/contracts') {
      return listed(searchParams.get('status') === 'active' ? active : inactive)
    }
    const contracts = searchParams.get('symbols')?.split(',') ?? []
    if (bars) return bars(contracts, searchParams.get('page_token'))
    return page(Object.fromEntries(contracts.map((contract) => [contract, DAYS.map((dt) => daily(dt))])), null)
  }

const TERMS = termsOf('options_bars', NOW)
const WANTS = DAYS.map((dt) => want('AAPL', dt))
const ask = (script: Script, terms = TERMS) => asking(WANTS, script, terms)

describe('alpaca options: what is asked about options', () => {
  it('is the contracts of the window at the trading host, live and expired, then their bars', async () => {
    const answer = await ask(
      world({ active: [listing(PUT)], inactive: [listing('AAPL240604C00190000'), listing(CALL)] }),
    )
    expect(answer.hosts).toEqual(['trading', 'trading', 'data'])
    expect(Object.fromEntries(answer.asked[0]?.searchParams ?? [])).toEqual({
      underlying_symbols: 'AAPL',
      status: 'active',
      expiration_date_gte: '2024-06-03',
      expiration_date_lte: '2024-08-04',
      limit: '10000',
    })
    expect(answer.asked[1]?.searchParams.get('status')).toBe('inactive')
    expect(answer.asked[2]?.pathname).toBe('/v1beta1/options/bars')
    expect(Object.fromEntries(answer.asked[2]?.searchParams ?? [])).toEqual({
      symbols: `AAPL240604C00190000,${CALL},${PUT}`,
      timeframe: '1Day',
      start: '2024-06-03T04:00:00Z',
      end: '2024-06-06T03:59:00Z',
      limit: '10000',
      sort: 'asc',
    })
    expect(answer.complete.size).toBe(3)
    expect(answer.rows.get('AAPL 2024-06-04')?.[2]).toEqual({
      ts: instantOf('2024-06-04', '00:00'),
      open: 10,
      high: 11,
      low: 9,
      close: 10,
      volume: 1000,
      vwap: 10.25,
      trades: 120,
      underlier: 'AAPL',
      contract: PUT,
      expiration: '2024-06-21',
      right: 'put',
      strike: 190.5,
    })
    // The contract of June 4 ended there: its bar of June 5 is not collected, and does not count as unrequested.
    expect(answer.rows.get('AAPL 2024-06-05')?.length).toBe(2)
    expect(answer.unrequested).toEqual([])
  })

  it('is a hundred contracts at a time, each batch to its last page', async () => {
    const contracts = Array.from({ length: 250 }, (_, i) => `AAPL240621C${String(100_000 + i * 500).padStart(8, '0')}`)
    const answer = await ask(
      world({
        active: contracts.map((symbol) => listing(symbol)),
        bars: (asked, token) =>
          page(
            Object.fromEntries(asked.map((contract) => [contract, [daily(token === null ? DAYS[0]! : DAYS[2]!)]])),
            token === null ? 'two' : null,
          ),
      }),
    )
    const sizes = answer.asked.slice(2).map((url) => url.searchParams.get('symbols')?.split(',').length)
    expect(sizes).toEqual([100, 100, 100, 100, 50, 50])
    expect(answer.calls).toBe(8)
    expect(answer.interruption).toBeNull()
    expect([...answer.rows].map(([key, rows]) => [key, rows.length])).toEqual([
      ['AAPL 2024-06-03', 250],
      ['AAPL 2024-06-05', 250],
    ])
    expect(answer.complete.has('AAPL 2024-06-04')).toBe(true)
  })

  it('follows the lists of contracts too', async () => {
    const answer = await ask((url) => {
      if (url.pathname !== '/v2/options/contracts') return page({ [PUT]: [daily(DAYS[0]!)] }, null)
      if (url.searchParams.get('status') === 'inactive') return { body: { option_contracts: null } }
      return url.searchParams.get('page_token') === null ? listed([listing(CALL)], 'more') : listed([listing(PUT)])
    })
    expect(answer.asked.at(-1)?.searchParams.get('symbols')).toBe(`${CALL},${PUT}`)
    expect(answer.interruption).toBeNull()
  })

  it('is BRKB for the options on BRK.B, whose root has no dot', async () => {
    const symbol = 'BRKB240621C00400000'
    const answer = await asking(
      [want('BRK.B', DAYS[0]!)],
      world({ active: [listing(symbol, { underlying_symbol: 'BRK.B' })] }),
      TERMS,
    )
    expect(answer.asked[0]?.searchParams.get('underlying_symbols')).toBe('BRK.B')
    expect(answer.rows.get('BRK.B 2024-06-03')).toMatchObject([{ underlier: 'BRK.B', contract: symbol }])
  })
})

describe('alpaca options: answers about options', () => {
  it('are complete and empty where there is no contract', async () => {
    const answer = await ask(world({}))
    expect(answer).toMatchObject({ calls: 2, interruption: null })
    expect([answer.complete.size, answer.rows.size]).toEqual([3, 0])
  })

  it('prove nothing until every contract was answered', async () => {
    const contracts = Array.from({ length: 150 }, (_, i) => `AAPL240621C${String(100_000 + i * 500).padStart(8, '0')}`)
    let batch = 0
    const answer = await ask(
      world({
        active: contracts.map((symbol) => listing(symbol)),
        bars: (asked) => (batch++ === 0 ? page({ [asked[0]!]: [daily(DAYS[0]!)] }, null) : { status: 503 }),
      }),
    )
    expect(answer.interruption?.fault).toBe('unavailable')
    expect([answer.complete.size, answer.rows.size, answer.faults.size]).toEqual([0, 0, 0])
  })

  it('are asked for at the same addresses when the budget ended and the plan is made again a minute later', async () => {
    const contracts = Array.from({ length: 150 }, (_, i) => `AAPL240621C${String(100_000 + i * 500).padStart(8, '0')}`)
    const script = world({ active: contracts.map((symbol) => listing(symbol)), bars: () => page({}, null) })
    let left = 3
    const settled = WANTS.slice(0, 2)
    const first = await asking(settled, script, TERMS, async () =>
      left-- > 0 ? { ok: true } : { ok: false, retryAt: NOW + 60_000 },
    )
    expect(first).toMatchObject({ calls: 3, interruption: { fault: 'rate_limited' } })
    const again = await asking(settled, script, { ...TERMS, now: NOW + 60_000 })
    expect(again.plan).toEqual(first.plan)
    expect(again.asked.slice(0, 3).map(String)).toEqual(first.asked.map(String))
    expect(again.complete.size).toBe(2)
  })

  it('are not entitled without the signature, whatever else works', async () => {
    const answer = await ask(
      world({
        active: [listing(CALL)],
        bars: () => ({ status: 403, body: { message: 'OPRA agreement is not signed' } }),
      }),
    )
    expect(answer.interruption).toMatchObject({ fault: 'not_entitled', status: 403 })
  })

  it('do not loop: neither the list of contracts nor the pages of bars', async () => {
    const list = await ask(() => listed([listing(CALL)], 'again'))
    expect(list).toMatchObject({ calls: 2, interruption: { fault: 'malformed' } })
    const bars = await ask(world({ active: [listing(CALL)], bars: () => page({}, 'again') }))
    expect(bars).toMatchObject({ calls: 4, interruption: { fault: 'malformed' } })
    let token = 0
    const endless = await ask(world({ active: [listing(CALL)], bars: () => page({}, `token ${token++}`) }))
    expect(endless).toMatchObject({ calls: 9, interruption: { fault: 'malformed' } })
    const lists = await ask(() => listed([], `token ${token++}`))
    expect(lists).toMatchObject({ calls: 12, interruption: { fault: 'malformed' } })
  })

  it('of a session that is still open, or trades on for a quarter of an hour, are too recent', async () => {
    const at = (time: string) => ask(world({}), termsOf('options_bars', instantOf('2024-06-05', time)))
    const early = await at('16:30')
    expect(early.faults.get('AAPL 2024-06-05')).toMatchObject({
      fault: 'too_recent',
      retryAt: instantOf('2024-06-05', '16:31'),
    })
    expect(early.complete.size).toBe(2)
    expect((await at('16:31')).complete.size).toBe(3)
    const young = await asking(
      [want('AAPL', '2024-06-05')],
      world({}),
      termsOf('options_bars', instantOf('2024-06-05', '00:10')),
    )
    expect(young).toMatchObject({ calls: 0, interruption: { fault: 'too_recent' } })
  })
})

describe('alpaca options: rows of options that are not clear', () => {
  const bad = { ...daily(DAYS[1]!), c: '10' }
  it.each([
    ['a bar that does not parse costs its day', { [CALL]: [daily(DAYS[0]!), bad] }, ['AAPL 2024-06-04']],
    [
      'a bar without a stamp costs the days of its contract',
      { [CALL]: [{ ...daily(DAYS[0]!), t: 5 }] },
      DAYS.map((dt) => `AAPL ${dt}`),
    ],
    ['a bad bar of a contract nobody asked for costs nothing', { MSFT240621C00190000: [bad] }, []],
  ])('%s', async (_what, bars, expected) => {
    const answer = await ask(world({ active: [listing(CALL)], bars: () => page(bars, null) }))
    expect([...answer.faults.keys()]).toEqual(expected)
    expect([...answer.faults.values()].every((error) => error.fault === 'malformed')).toBe(true)
    expect(answer.complete.size).toBe(3 - expected.length)
  })

  it('bars outside the window and of other contracts count as unrequested', async () => {
    const bars = { [CALL]: [daily('2024-06-07'), daily(DAYS[0]!)], [PUT]: [daily(DAYS[0]!)] }
    const answer = await ask(world({ active: [listing(CALL)], bars: () => page(bars, null) }))
    expect(answer.unrequested).toEqual([
      { symbol: 'AAPL', dt: '2024-06-07', rows: 1 },
      { symbol: PUT, dt: '2024-06-03', rows: 1 },
    ])
    expect(answer.rows.get('AAPL 2024-06-03')?.length).toBe(1)
  })

  it('a contract that expires too late is not collected, on those days', async () => {
    const answer = await ask(world({ active: [listing('AAPL240608C00190000')] }), { ...TERMS, expireWithinDays: 4 })
    expect([...answer.rows.keys()]).toEqual(['AAPL 2024-06-04', 'AAPL 2024-06-05'])
    expect(answer.complete.size).toBe(3)
  })

  it.each([
    ['no OCC symbol', listing(CALL, { symbol: 'AAPL JUN 190 C' }), 3],
    ['another expiry than its symbol', listing(CALL, { expiration_date: '2024-06-20' }), 3],
    ['another strike than its symbol', listing(CALL, { strike_price: '191' }), 3],
    ['another right than its symbol', listing(CALL, { type: 'put' }), 3],
    ['a right we do not know', listing(CALL, { type: 'both' }), 3],
    ['nothing at all', {}, 3],
    ['an expiry only, before the last day', listing('AAPL240604C00190000', { symbol: 7 }), 2],
    ['another underlier', listing('MSFT240621C00190000', { underlying_symbol: 'MSFT', symbol: '?' }), 0],
  ])(
    'a listing with %s costs the days it would be collected on, and is not asked about',
    async (_what, row, faults) => {
      const answer = await ask(world({ active: [row, listing(PUT)] }))
      expect(answer.faults.size).toBe(faults)
      expect(answer.complete.size).toBe(3 - faults)
      expect(answer.asked.at(-1)?.searchParams.get('symbols')).toBe(PUT)
    },
  )

  it('a contract the vendor cannot spell costs its days, the other contracts are asked again', async () => {
    const short = 'AAPL240604C00190000'
    const answer = await ask(
      world({
        active: [listing(short), listing(PUT)],
        bars: (asked) =>
          asked.includes(short)
            ? { status: 400, body: { message: `invalid symbol: ${short}` } }
            : page({ [PUT]: DAYS.map((dt) => daily(dt)) }, null),
      }),
    )
    expect([...answer.faults.keys()]).toEqual(['AAPL 2024-06-03', 'AAPL 2024-06-04'])
    expect(answer.rows.get('AAPL 2024-06-05')?.length).toBe(1)
    expect(answer.interruption).toBeNull()
  })
})
