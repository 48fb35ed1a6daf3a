import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import type { PlanTerms, Want } from '../../../functions/_vendors/vendor.ts'
import { termsOf, want } from '../contract.ts'
import { type GetMore, NOW, type Reply } from '../scripted-vendor.ts'
import { type Asking, aggs, ask, BEFORE_HISTORY, budgetOf, list, NOT_ENTITLED, NOT_FOUND, TOO_MANY } from './asking.ts'

let asking: Asking | undefined
afterEach(async () => asking?.vendor.close())

const DAYS = ['2024-06-03', '2024-06-04', '2024-06-05']
const EXPIRED = 'AAPL240604C00190000'
const ALIVE = 'AAPL240621P00192500'
const terms = (more: Partial<PlanTerms> = {}): PlanTerms => ({
  ...termsOf('options_bars', NOW, { rowsPerPage: 50_000, symbolsPerCall: 1 }),
  ...more,
})
const WEEK = DAYS.map((dt) => want('AAPL', dt))

const contract = (symbol: string, more: object = {}): object => ({
  cfi: 'OCASPS',
  ticker: `O:${symbol}`,
  underlying_ticker: 'AAPL',
  contract_type: symbol.at(-9) === 'C' ? 'call' : 'put',
  expiration_date: `20${symbol.slice(4, 6)}-${symbol.slice(6, 8)}-${symbol.slice(8, 10)}`,
  strike_price: Number(symbol.slice(-8)) / 1000,
  shares_per_contract: 100,
  ...more,
})
const bar = (dt: string, time = '00:00'): object => ({
  v: 12,
  vw: 3.1,
  o: 3,
  c: 3.2,
  h: 3.3,
  l: 2.9,
  t: instantOf(dt, time),
  n: 4,
})

interface Chain {
  expired?: object[]
  alive?: object[]
  /** The bars of each contract; none where it is not named. */
  bars?: Record<string, object[]>
  more?: (url: URL, base: string) => Reply | null
}

/** A vendor with these contracts and bars. */
const chain =
  ({ expired = [contract(EXPIRED)], alive = [contract(ALIVE)], bars = {}, more = () => null }: Chain) =>
  (url: URL, base: string): Reply => {
    const told = more(url, base)
    if (told !== null) return told
    if (url.pathname === '/v3/reference/options/contracts') {
      return list(url.searchParams.get('expired') === 'true' ? expired : alive)
    }
    const ticker = decodeURIComponent(url.pathname.split('/')[4] ?? '')
    return aggs(ticker, bars[ticker.slice(2)] ?? [])
  }

const go = async (script: Chain, wants: Want[] = WEEK, with_: PlanTerms = terms(), more: GetMore = {}) => {
  asking = await ask(wants, with_, chain(script), more)
  return asking
}

describe('massive options: option bars of Massive', () => {
  it('list the expired and the living, then ask for each contract over its own days', async () => {
    const { asked, answer } = await go({
      bars: { [EXPIRED]: [bar(DAYS[0]!), bar(DAYS[1]!)], [ALIVE]: [bar(DAYS[2]!)] },
    })
    const listed = 'underlying_ticker=AAPL&expired=%&expiration_date.gte=2024-06-03&expiration_date.lte=2024-08-04'
    const rest = 'limit=1000&sort=ticker&order=asc'
    expect(asked).toEqual([
      `/v3/reference/options/contracts?${listed.replace('%', 'true')}&${rest}`,
      `/v3/reference/options/contracts?${listed.replace('%', 'false')}&${rest}`,
      `/v2/aggs/ticker/O%3A${EXPIRED}/range/1/day/2024-06-03/2024-06-04?adjusted=false&sort=asc&limit=50000`,
      `/v2/aggs/ticker/O%3A${ALIVE}/range/1/day/2024-06-03/2024-06-05?adjusted=false&sort=asc&limit=50000`,
    ])
    expect(answer).toMatchObject({ interruption: null, calls: 4, unrequested: [] })
    expect(answer.complete.size).toBe(3)
    expect(answer.rows.get('AAPL 2024-06-05')).toEqual([
      {
        underlier: 'AAPL',
        contract: ALIVE,
        expiration: '2024-06-21',
        right: 'put',
        strike: 192.5,
        ts: instantOf('2024-06-05', '00:00'),
        open: 3,
        high: 3.3,
        low: 2.9,
        close: 3.2,
        volume: 12,
        vwap: 3.1,
        trades: 4,
      },
    ])
    expect(answer.rows.get('AAPL 2024-06-03')).toMatchObject([
      { contract: EXPIRED, right: 'call', strike: 190, expiration: '2024-06-04' },
    ])
  })

  it('follow the pages of a list and of a contract, and ask once for what is listed twice', async () => {
    const other = 'AAPL240621C00200000'
    const { asked, answer } = await go({
      more: (url, base) => {
        const { pathname } = url
        const cursor = url.searchParams.get('cursor')
        if (url.searchParams.get('expired') === 'false') {
          return list([contract(ALIVE)], { next_url: `${base}${pathname}?cursor=contracts2` })
        }
        if (cursor === 'contracts2') return list([contract(other), contract(ALIVE), contract(EXPIRED)])
        if (cursor === 'bars2') return aggs(`O:${ALIVE}`, [bar(DAYS[1]!)])
        if (pathname.includes(ALIVE))
          return aggs(`O:${ALIVE}`, [bar(DAYS[0]!)], { next_url: `${base}${pathname}?cursor=bars2` })
        return null
      },
    })
    expect(asked.filter((one) => one.includes('/range/')).map((one) => one.split('/')[4]?.slice(4))).toEqual([
      EXPIRED,
      ALIVE,
      ALIVE,
      other,
    ])
    expect(answer.calls).toBe(7)
    expect([...answer.rows.keys()]).toEqual(['AAPL 2024-06-03', 'AAPL 2024-06-04'])
    expect(answer.complete.size).toBe(3)
  })

  it('collect a contract only from so many days before its expiry, and ask for no day on which none is wanted', async () => {
    const { asked, answer } = await go(
      { expired: [], bars: { [ALIVE]: [bar(DAYS[0]!), bar(DAYS[1]!), bar(DAYS[2]!)] } },
      WEEK,
      terms({ expireWithinDays: 17 }),
    )
    expect(asked.at(-1)).toContain('/2024-06-04/2024-06-05')
    expect([...answer.rows.keys()]).toEqual(['AAPL 2024-06-04', 'AAPL 2024-06-05'])
    expect(answer.complete.size).toBe(3)
    await asking?.vendor.close()

    const far = contract('AAPL240719C00200000')
    const none = await go({ expired: [], alive: [far] }, WEEK, terms({ expireWithinDays: 17 }))
    expect(none.answer.calls).toBe(2)
    expect(none.answer.complete.size).toBe(3)
  })

  it('do not pay for a contract that lives only between the days wanted', async () => {
    const wants = ['2024-06-03', '2024-06-10'].map((dt) => want('AAPL', dt))
    const alive = ['AAPL240607C00190000', 'AAPL240612C00190000'].map((symbol) => contract(symbol))
    const { asked, answer } = await go({ expired: [], alive }, wants, terms({ expireWithinDays: 3 }))
    expect(asked.slice(2)).toEqual([expect.stringContaining('AAPL240612C00190000/range/1/day/2024-06-09/2024-06-10')])
    expect(answer.complete.size).toBe(2)
  })

  it('have no rows, and are complete, where the vendor lists no contract', async () => {
    const { answer } = await go({ expired: [], alive: [] })
    expect(answer).toMatchObject({ interruption: null, calls: 2 })
    expect([answer.complete.size, answer.rows.size]).toEqual([3, 0])
  })

  it('by the minute keep every minute of a day', async () => {
    const { asked, answer } = await go(
      { expired: [], bars: { [ALIVE]: [bar(DAYS[0]!, '09:30'), bar(DAYS[0]!, '15:59')] } },
      WEEK,
      terms({ timeframe: 'minute' }),
    )
    expect(asked.at(-1)).toContain('/range/1/minute/')
    expect(answer.rows.get('AAPL 2024-06-03')?.length).toBe(2)
  })

  it('are asked for by the name of the underlier in those days, and kept under its own', async () => {
    const names = { META: { until: null, was: [{ symbol: 'FB', to: '2022-06-08' }] } }
    const meta = 'FB220617C00190000'
    const row = {
      ...contract('AAPL220617C00190000'),
      ticker: `O:${meta}`,
      underlying_ticker: 'FB',
    }
    const { asked, answer } = await go(
      { expired: [row], alive: [], bars: { [meta]: [bar('2022-06-07')] } },
      [want('META', '2022-06-07')],
      terms({ names }),
    )
    expect(asked[0]).toContain('underlying_ticker=FB&')
    expect(answer.rows.get('META 2022-06-07')).toMatchObject([{ underlier: 'META', contract: meta }])
  })

  it('of a session that is still open are not asked for', async () => {
    const now = instantOf('2024-06-03', '15:59')
    const { answer } = await go({}, [want('AAPL', '2024-06-03')], terms({ now }))
    expect(answer.calls).toBe(0)
    expect(answer.faults.get('AAPL 2024-06-03')).toMatchObject({
      fault: 'too_recent',
      retryAt: instantOf('2024-06-03', '16:00'),
    })
  })
})

describe('massive options: contracts and bars that do not fit', () => {
  it.each([
    ['another day', { expiration_date: '2024-06-05' }, 3],
    ['another strike', { strike_price: 190.5 }, 2],
    ['the other right', { contract_type: 'put' }, 2],
    ['another underlier', { underlying_ticker: 'MSFT' }, 2],
    ['no strike', { strike_price: null }, 2],
    ['a strike in words', { strike_price: '190' }, 2],
    ['a symbol that is none, but a day', { ticker: 'O:AAPL' }, 2],
    ['no prefix', { ticker: EXPIRED }, 2],
    ['neither symbol nor day', { ticker: 'O:AAPL', expiration_date: 'soon' }, 3],
    ['an expiry that no cell collects', { ticker: 'O:AAPL', expiration_date: '2026-01-16' }, 0],
  ])('%s marks the cells the contract may belong to malformed', async (_what, more, malformed) => {
    const { answer, asked } = await go({ expired: [contract(EXPIRED, more)] })
    expect(answer.interruption).toBeNull()
    expect([...answer.faults.values()].map(({ fault }) => fault)).toEqual(Array(malformed).fill('malformed'))
    expect(answer.complete.size).toBe(3 - malformed)
    expect(asked.filter((one) => one.includes(EXPIRED) && one.includes('/range/'))).toEqual([])
  })

  it.each(['AAPL', 'AA/PL', 'AA.PL'])(
    'a listing under the underlier spelled %s is of that underlier',
    async (underlying_ticker) => {
      const { answer } = await go({ expired: [contract(EXPIRED, { underlying_ticker })] })
      expect(answer.complete.size).toBe(3)
    },
  )

  it('a contract of a kind of its own contradicts nothing', async () => {
    const { answer } = await go({ expired: [contract(EXPIRED, { contract_type: 'other' })] })
    expect(answer.complete.size).toBe(3)
  })

  it('a bar that does not parse costs its day, one without a stamp the days of its contract', async () => {
    const { answer } = await go({ bars: { [EXPIRED]: [bar(DAYS[0]!), { ...bar(DAYS[1]!), c: '3' }] } })
    expect([...answer.faults.keys()]).toEqual(['AAPL 2024-06-04'])
    expect([...answer.complete]).toEqual(['AAPL 2024-06-03', 'AAPL 2024-06-05'])
    await asking?.vendor.close()
    const { t: _t, ...timeless } = bar(DAYS[0]!) as { t: number }
    const lost = await go({ bars: { [EXPIRED]: [timeless] } })
    expect([...lost.answer.faults.keys()]).toEqual(['AAPL 2024-06-03', 'AAPL 2024-06-04'])
  })

  it('a bar after the expiry is dropped, one outside the requested days counts as unrequested', async () => {
    const { answer } = await go({ bars: { [EXPIRED]: [bar(DAYS[2]!), bar('2024-05-31')] } })
    expect(answer.rows.size).toBe(0)
    expect(answer.unrequested).toEqual([{ symbol: 'AAPL', dt: '2024-05-31', rows: 1 }])
  })

  it('an answer about another contract is no answer', async () => {
    const { answer } = await go({ more: (url) => (url.pathname.includes(EXPIRED) ? aggs(`O:${ALIVE}`, []) : null) })
    expect(answer.interruption?.fault).toBe('malformed')
    expect(answer.complete.size).toBe(0)
  })

  it('a listed contract without a ticker of its own costs its days, not the plan', async () => {
    const { answer } = await go({ more: (url) => (url.pathname.includes(EXPIRED) ? NOT_FOUND : null) })
    expect(answer.interruption).toBeNull()
    expect([...answer.faults.values()].map(({ fault }) => fault)).toEqual(['malformed', 'malformed'])
    expect([...answer.complete]).toEqual(['AAPL 2024-06-05'])
  })

  it('an unknown underlier is refused on its own account', async () => {
    const { answer } = await go({ more: () => NOT_FOUND })
    expect(answer).toMatchObject({ interruption: null, calls: 1 })
    expect([...answer.faults.values()].map(({ fault }) => fault)).toEqual(Array(3).fill('not_entitled'))
  })

  it('a list that leads elsewhere, or in circles, is not followed', async () => {
    const away = await go({ more: () => list([contract(ALIVE)], { next_url: 'https://stranger.invalid/v3?cursor=a' }) })
    expect(away.answer).toMatchObject({ calls: 1, interruption: { fault: 'malformed' } })
    await away.vendor.close()
    const round = await go({ more: (_url, base) => list([], { next_url: `${base}/v3/again?cursor=same` }) })
    expect(round.answer).toMatchObject({ calls: 2, interruption: { fault: 'malformed' } })
    await round.vendor.close()
    let page = 0
    const endless = await go({ more: (_url, base) => list([], { next_url: `${base}/v3/again?cursor=${page++}` }) })
    expect(endless.answer.interruption?.fault).toBe('malformed')
    expect(endless.answer.calls).toBeLessThan(100)
  })
})

describe('massive options: a plan of options that is not answered to the end', () => {
  it.each([3, 2, 1, 0])('completes nothing when the budget ends after %i calls', async (calls) => {
    const { answer, asked } = await go({ bars: { [EXPIRED]: [bar(DAYS[0]!)] } }, WEEK, terms(), budgetOf(calls))
    expect(asked.length).toBe(calls)
    expect(answer).toMatchObject({ calls, interruption: { fault: 'rate_limited', status: null } })
    expect([answer.complete.size, answer.faults.size, answer.rows.size]).toEqual([0, 0, 0])
  })

  it.each([
    ['too many calls', TOO_MANY, 'rate_limited'],
    ['a missing right', NOT_ENTITLED, 'not_entitled'],
    ['a broken vendor', { status: 500, body: '' }, 'unavailable'],
  ] as const)('says so after %s', async (_what, reply, fault) => {
    const { answer } = await go({ more: (url) => (url.pathname.includes(ALIVE) ? reply : null) })
    expect(answer.interruption?.fault).toBe(fault)
    expect(answer.complete.size).toBe(0)
  })

  it('a contract wholly behind the wall of history costs only the days up to its last', async () => {
    const { answer, asked } = await go({
      bars: { [ALIVE]: [bar(DAYS[2]!)] },
      more: (url) => (url.pathname.includes(EXPIRED) ? BEFORE_HISTORY : null),
    })
    expect(answer.interruption).toBeNull()
    expect([...answer.faults].map(([key, { fault }]) => [key, fault])).toEqual([
      ['AAPL 2024-06-03', 'before_history'],
      ['AAPL 2024-06-04', 'before_history'],
    ])
    expect(asked.at(-1)).toContain('/2024-06-05/2024-06-05')
    expect([...answer.complete]).toEqual(['AAPL 2024-06-05'])
  })
})
