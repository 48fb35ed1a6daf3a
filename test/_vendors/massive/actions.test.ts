import { afterEach, describe, expect, it } from 'vitest'
import type { PlanTerms, Want } from '../../../functions/_vendors/vendor.ts'
import { EMPTY_ACTION } from '../../_market/empty-action.ts'
import { termsOf, want } from '../contract.ts'
import { type GetMore, NOW, type Reply } from '../scripted-vendor.ts'
import {
  type Asking,
  ask,
  BEFORE_HISTORY,
  budgetOf,
  list,
  NO_PATH,
  NOT_ENTITLED,
  NOT_FOUND,
  TOO_MANY,
} from './asking.ts'

let asking: Asking | undefined
afterEach(async () => asking?.vendor.close())

const DAYS = ['2024-06-07', '2024-06-10', '2024-06-11']
const WANTS = ['AAPL', 'MSFT'].flatMap((symbol) => DAYS.map((dt) => want(symbol, dt)))
const terms = (more: Partial<PlanTerms> = {}): PlanTerms => ({
  ...termsOf('corporate_actions', NOW, { rowsPerPage: 5_000, symbolsPerCall: 100 }),
  ...more,
})

const split = (ticker: string, execution_date: string, more: object = {}): object => ({
  adjustment_type: 'forward_split',
  execution_date,
  historical_adjustment_factor: 0.25,
  id: `S-${ticker}-${execution_date}`,
  split_from: 1,
  split_to: 4,
  ticker,
  ...more,
})
const dividend = (ticker: string, ex_dividend_date: string, more: object = {}): object => ({
  cash_amount: 0.26,
  currency: 'USD',
  declaration_date: '2024-05-02',
  distribution_type: 'recurring',
  ex_dividend_date,
  frequency: 4,
  historical_adjustment_factor: 0.99,
  id: `D-${ticker}-${ex_dividend_date}`,
  pay_date: '2024-07-01',
  record_date: '2024-06-11',
  split_adjusted_cash_amount: 0.26,
  ticker,
  ...more,
})
const change = (ticker: string, date: string): object => ({ type: 'ticker_change', date, ticker_change: { ticker } })
const events = (rows: unknown[]): Reply => ({
  body: { status: 'OK', request_id: '0f', results: { name: 'X', events: rows } },
})

interface Filed {
  splits?: object[]
  dividends?: object[]
  events?: Record<string, unknown[]>
  more?: (url: URL, base: string) => Reply | null
}

const filed =
  ({ splits = [], dividends = [], events: names = {}, more = () => null }: Filed) =>
  (url: URL, base: string): Reply => {
    const told = more(url, base)
    if (told !== null) return told
    const ofTicker = (rows: object[]): object[] =>
      rows.filter((row) => 'ticker' in row && row.ticker === url.searchParams.get('ticker'))
    switch (url.pathname) {
      case '/stocks/v1/splits':
        return list(splits)
      case '/stocks/v1/dividends':
        return list(dividends)
      case '/v3/reference/splits':
        return list(ofTicker(splits))
      case '/v3/reference/dividends':
        return list(ofTicker(dividends))
      default: {
        const ticker = decodeURIComponent(url.pathname.split('/')[4] ?? '')
        return events(names[ticker] ?? [change(ticker, '1990-01-02')])
      }
    }
  }

const go = async (script: Filed, wants: Want[] = WANTS, with_: PlanTerms = terms(), more: GetMore = {}) => {
  asking = await ask(wants, with_, filed(script), more)
  return asking
}

describe('massive actions: corporate actions of Massive', () => {
  it('are asked for in two lists for all symbols, then name by name', async () => {
    const { asked, answer } = await go({})
    expect(asked).toEqual([
      '/stocks/v1/splits?ticker.any_of=AAPL,MSFT&execution_date.gte=2024-06-07&execution_date.lte=2024-06-11&sort=execution_date.asc&limit=5000',
      '/stocks/v1/dividends?ticker.any_of=AAPL,MSFT&ex_dividend_date.gte=2024-06-07&ex_dividend_date.lte=2024-06-11&sort=ex_dividend_date.asc&limit=5000',
      '/vX/reference/tickers/AAPL/events?types=ticker_change',
      '/vX/reference/tickers/MSFT/events?types=ticker_change',
    ])
    expect(answer).toMatchObject({ interruption: null, calls: 4, unrequested: [] })
    // That nothing happened is an answer.
    expect([answer.complete.size, answer.rows.size]).toEqual([6, 0])
  })

  it('are complete with the two lists where names are not asked for', async () => {
    const { asked, answer } = await go({}, WANTS, terms({ tickerEvents: false }))
    expect(asked.map((path) => path.split('?')[0])).toEqual(['/stocks/v1/splits', '/stocks/v1/dividends'])
    expect(answer).toMatchObject({ interruption: null, calls: 2 })
    expect(answer.complete.size).toBe(6)
  })

  it('lie in the first session on or after the day they take effect, with all that was filed', async () => {
    const { answer } = await go({
      splits: [
        split('AAPL', '2024-06-08'),
        split('MSFT', '2024-06-10', { adjustment_type: 'reverse_split', split_from: 10, split_to: 1 }),
      ],
      dividends: [dividend('AAPL', '2024-06-10', { currency: 'CAD', zone: 'b' })],
    })
    expect(answer.rows.get('AAPL 2024-06-10')).toEqual([
      {
        ...EMPTY_ACTION,
        kind: 'split',
        id: 'S-AAPL-2024-06-08',
        effective_date: '2024-06-08',
        old_shares: 1,
        new_shares: 4,
        subtype: 'forward_split',
      },
      {
        ...EMPTY_ACTION,
        kind: 'cash_dividend',
        id: 'D-AAPL-2024-06-10',
        effective_date: '2024-06-10',
        declaration_date: '2024-05-02',
        record_date: '2024-06-11',
        payable_date: '2024-07-01',
        cash: 0.26,
        currency: 'CAD',
        subtype: 'recurring',
        detail: '{"frequency":4,"zone":"b"}',
      },
    ])
    expect(answer.rows.get('MSFT 2024-06-10')).toMatchObject([{ kind: 'split', old_shares: 10, new_shares: 1 }])
    expect(answer.complete.size).toBe(6)
  })

  it('do not change when only a derived factor does, and call dollars by no name', async () => {
    const rows = async (factor: number) => {
      const { answer, vendor } = await go({
        dividends: [
          dividend('AAPL', '2024-06-10', { historical_adjustment_factor: factor, split_adjusted_cash_amount: factor }),
        ],
      })
      await vendor.close()
      return answer.rows.get('AAPL 2024-06-10')
    }
    const before = await rows(0.5)
    expect(before).toMatchObject([{ currency: null }])
    expect(await rows(0.125)).toEqual(before)
  })

  it.each([
    ['stock_dividend', 100, 105, { kind: 'stock_dividend', old_shares: 100, new_shares: 5 }],
    ['stock_dividend', 1, 1.05, { kind: 'stock_dividend', old_shares: 1, new_shares: 0.05 }],
    ['unheard_of', 1, 3, { kind: 'other', subtype: 'unheard_of', old_shares: 1, new_shares: 3 }],
    [null, 2, 3, { kind: 'split', subtype: null, old_shares: 2, new_shares: 3 }],
  ])('a split of type %s from %d to %d', async (adjustment_type, split_from, split_to, row) => {
    const { answer } = await go({ splits: [split('AAPL', '2024-06-10', { adjustment_type, split_from, split_to })] })
    expect(answer.rows.get('AAPL 2024-06-10')).toMatchObject([row])
  })

  it('follow pages, and keep nothing of a list that leads elsewhere', async () => {
    const paged = await go({
      more: (url, base) => {
        if (url.pathname !== '/stocks/v1/splits') return null
        if (url.searchParams.has('cursor')) return list([split('MSFT', '2024-06-11')])
        return list([split('AAPL', '2024-06-10')], { next_url: `${base}/stocks/v1/splits?cursor=2` })
      },
    })
    expect([...paged.answer.rows.keys()]).toEqual(['AAPL 2024-06-10', 'MSFT 2024-06-11'])
    await paged.vendor.close()
    const away = await go({
      more: () =>
        list([split('AAPL', '2024-06-10')], { next_url: 'https://stranger.invalid/stocks/v1/splits?cursor=2' }),
    })
    expect(away.answer).toMatchObject({ calls: 1, interruption: { fault: 'malformed' } })
    expect([away.answer.complete.size, away.answer.rows.size]).toEqual([0, 0])
  })

  it('of a symbol are found under its ticker of the day only, in the spelling of the vendor', async () => {
    const names = { META: { until: null, was: [{ symbol: 'FB', to: '2024-06-10' }] } }
    const wants = ['BAC.PRL', 'META'].flatMap((symbol) => DAYS.map((dt) => want(symbol, dt)))
    const { asked, answer } = await go(
      {
        dividends: [
          dividend('FB', '2024-06-10'),
          dividend('META', '2024-06-10', { id: 'somebody else' }),
          dividend('FB', '2024-06-11', { id: 'somebody new' }),
          dividend('META', '2024-06-11'),
          dividend('BACpL', '2024-06-11'),
          dividend('ZZZ', '2024-06-11'),
        ],
      },
      wants,
      terms({ names }),
    )
    expect(asked[0]).toContain('ticker.any_of=BACpL,FB,META&')
    expect(asked.slice(2).map((one) => one.split('/')[4])).toEqual(['BACpL', 'META'])
    expect([...answer.rows].map(([key, rows]) => [key, rows.map((row) => 'id' in row && row.id)])).toEqual([
      ['META 2024-06-10', ['D-FB-2024-06-10']],
      ['META 2024-06-11', ['D-META-2024-06-11']],
      ['BAC.PRL 2024-06-11', ['D-BACpL-2024-06-11']],
    ])
    expect(answer.unrequested).toEqual([])
  })

  it('of a symbol that is no longer listed end with it, and nobody is asked for its names', async () => {
    const names = { GONE: { until: '2024-06-10', was: [] } }
    const { asked, answer } = await go(
      { splits: [split('GONE', '2024-06-10'), split('GONE', '2024-06-11')] },
      [want('GONE', '2024-06-07'), want('GONE', '2024-06-10')],
      terms({ names }),
    )
    expect(asked.length).toBe(2)
    expect([...answer.rows.keys()]).toEqual(['GONE 2024-06-10'])
    expect(answer.complete.size).toBe(2)
    expect(answer.unrequested).toEqual([])
  })
})

describe('massive actions: the older lists', () => {
  const bare = (row: object): object => {
    const {
      id: _id,
      adjustment_type: _a,
      distribution_type,
      historical_adjustment_factor: _f,
      ...rest
    } = {
      id: '',
      adjustment_type: '',
      distribution_type: '',
      historical_adjustment_factor: 0,
      ...row,
    }
    return { ...rest, ...(distribution_type === '' ? {} : { dividend_type: 'CD' }) }
  }
  const refusing =
    (reply: Reply) =>
    (url: URL): Reply | null =>
      url.pathname.startsWith('/stocks/v1/') ? reply : null

  it.each([
    ['are not there', NO_PATH],
    ['are not in the plan', NOT_ENTITLED],
  ])('stand in where the newer ones %s, one ticker at a time', async (_why, reply) => {
    const { asked, answer } = await go({
      splits: [bare(split('AAPL', '2024-06-10'))],
      dividends: [bare(dividend('MSFT', '2024-06-11'))],
      more: refusing(reply),
    })
    expect(asked.slice(0, 6)).toEqual([
      expect.stringMatching(/^\/stocks\/v1\/splits/),
      '/v3/reference/splits?ticker=AAPL&execution_date.gte=2024-06-07&execution_date.lte=2024-06-11&sort=execution_date&order=asc&limit=1000',
      expect.stringMatching(/^\/v3\/reference\/splits\?ticker=MSFT&/),
      expect.stringMatching(/^\/stocks\/v1\/dividends/),
      '/v3/reference/dividends?ticker=AAPL&ex_dividend_date.gte=2024-06-07&ex_dividend_date.lte=2024-06-11&sort=ex_dividend_date&order=asc&limit=1000',
      expect.stringMatching(/^\/v3\/reference\/dividends\?ticker=MSFT&/),
    ])
    expect(answer.complete.size).toBe(6)
    expect(answer.rows.get('AAPL 2024-06-10')).toMatchObject([
      { kind: 'split', id: 'split:AAPL:2024-06-10', subtype: null, old_shares: 1, new_shares: 4 },
    ])
    expect(answer.rows.get('MSFT 2024-06-11')).toMatchObject([
      { kind: 'cash_dividend', id: 'cash_dividend:MSFT:2024-06-11', subtype: 'CD', cash: 0.26 },
    ])
  })

  it('tell several rows of a day apart by what they say, whatever their order, and take twins for one', async () => {
    const two = [0.5, 0.25, 0.5].map((cash_amount) => bare(dividend('AAPL', '2024-06-10', { cash_amount })))
    const idsOf = async (dividends: object[]) => {
      const { answer, vendor } = await go({ dividends, more: refusing(NO_PATH) })
      await vendor.close()
      return (answer.rows.get('AAPL 2024-06-10') ?? []).map((row) => 'cash' in row && [row.cash, row.id])
    }
    const first = 'cash_dividend:AAPL:2024-06-10'
    expect(await idsOf(two)).toEqual([
      [0.5, `${first}:2`],
      [0.25, first],
      [0.5, `${first}:2`],
    ])
    expect(await idsOf([two[1]!, two[0]!])).toEqual([
      [0.25, first],
      [0.5, `${first}:2`],
    ])
  })

  it('replace what the newer one had served before it ended', async () => {
    const { answer } = await go({
      splits: [bare(split('AAPL', '2024-06-10'))],
      more: (url, base) => {
        if (url.pathname !== '/stocks/v1/splits') return null
        if (url.searchParams.has('cursor')) return NO_PATH
        return list([split('AAPL', '2024-06-10')], { next_url: `${base}/stocks/v1/splits?cursor=2` })
      },
    })
    expect(answer.rows.get('AAPL 2024-06-10')).toMatchObject([{ id: 'split:AAPL:2024-06-10' }])
  })

  it('do not stand in for a wall of time, a wrong key or a bad question', async () => {
    for (const [reply, fault] of [
      [BEFORE_HISTORY, 'before_history'],
      [{ status: 401, body: { status: 'ERROR', error: 'Unknown API Key' } }, 'not_entitled'],
      [{ status: 400, body: { status: 'ERROR', error: 'no' } }, 'malformed'],
    ] as const) {
      const { answer, vendor } = await go({ more: refusing(reply) })
      expect(answer).toMatchObject({ calls: 1, interruption: { fault } })
      await vendor.close()
    }
  })

  it('end the asking when they are refused as well', async () => {
    const { answer } = await go({ more: () => NOT_ENTITLED })
    expect(answer).toMatchObject({ calls: 2, interruption: { fault: 'not_entitled' } })
  })
})

describe('massive actions: new names', () => {
  const names = { META: { until: null, was: [{ symbol: 'FB', to: '2024-06-06' }] } }
  const wants = DAYS.map((dt) => want('META', dt))

  it('are told by every change but the first, whatever the order, and lie in the next session', async () => {
    const { answer } = await go(
      { events: { META: [change('META', '2024-06-08'), change('FB', '2012-05-18')] } },
      wants,
      terms({ names }),
    )
    expect([...answer.rows]).toEqual([
      [
        'META 2024-06-10',
        [
          expect.objectContaining({
            kind: 'name_change',
            id: 'name_change:META:2024-06-08',
            effective_date: '2024-06-08',
            other_symbol: 'FB',
            detail: null,
          }),
        ],
      ],
    ])
    expect(answer.unrequested).toEqual([])
  })

  it('come in our spelling, and those outside the days asked for are nobody’s', async () => {
    const { answer } = await go(
      {
        events: {
          META: [
            change('BACpL', '2001-01-02'),
            change('FB', '2012-05-18'),
            change('BACpL', '2024-06-07'),
            change('META', '2024-06-11'),
            { type: 'rumour', date: '2024-06-10' },
          ],
        },
      },
      wants,
      terms({ names }),
    )
    const told = [...answer.rows].map(([key, [row]]) => [key, row && 'other_symbol' in row && row.other_symbol])
    expect(told).toEqual([
      ['META 2024-06-07', 'FB'],
      ['META 2024-06-11', 'BAC.PRL'],
    ])
    expect(answer.unrequested).toEqual([])
  })

  it.each([
    ['no events', events([])],
    ['no list of events', { body: { status: 'OK', results: { name: 'X' } } }],
    ['an unknown ticker', NOT_FOUND],
  ])('%s is no hindrance', async (_what, reply) => {
    const { answer, asked } = await go({
      more: (url) => (url.pathname.includes('/tickers/AAPL/') ? (reply as Reply) : null),
    })
    expect(answer.complete.size).toBe(6)
    expect(asked.length).toBe(4)
  })

  it.each([
    ['not in the plan', NOT_ENTITLED],
    ['no longer there', NO_PATH],
  ])('are asked for once where they are %s, and their cells do without', async (_what, reply) => {
    const { answer, asked } = await go({ more: (url) => (url.pathname.endsWith('/events') ? reply : null) })
    expect(asked.length).toBe(3)
    expect(answer).toMatchObject({ interruption: null })
    expect(answer.complete.size).toBe(6)
  })

  it.each([
    ['an event without a day', [change('AAPL', 'soon')], DAYS],
    ['an event that is none', ['what?'], DAYS],
    ['events of another company', [change('IBM', '2024-06-07')], DAYS],
    [
      'a new name that is a number',
      [
        change('OLD', '2000-01-03'),
        { ...change('', '2024-06-08'), ticker_change: { ticker: 7 } },
        change('AAPL', '2024-06-11'),
      ],
      ['2024-06-10', '2024-06-11'],
    ],
  ])('%s marks only that symbol malformed', async (_what, rows, malformed) => {
    const { answer } = await go({ events: { AAPL: rows as unknown[] } })
    expect(answer.interruption).toBeNull()
    expect([...answer.faults].map(([key, { fault }]) => [key, fault])).toEqual(
      malformed.map((dt) => [`AAPL ${dt}`, 'malformed']),
    )
    expect(answer.complete.size).toBe(6 - malformed.length)
  })

  it('a malformed body or a refusal affects only its symbol, and the next symbol is asked for', async () => {
    for (const reply of [
      { body: { status: 'OK', results: [] } },
      { status: 400, body: { status: 'ERROR', error: 'no' } },
    ]) {
      const { answer, vendor } = await go({ more: (url) => (url.pathname.includes('/tickers/AAPL/') ? reply : null) })
      expect(answer.interruption).toBeNull()
      expect([...answer.complete].every((key) => key.startsWith('MSFT'))).toBe(true)
      expect([answer.complete.size, answer.faults.size]).toEqual([3, 3])
      await vendor.close()
    }
  })
})

describe('massive actions: a plan of actions that is not answered to the end', () => {
  it.each([
    [0, 0],
    [1, 0],
    [2, 0],
    [3, 3],
  ])('after %i calls completes the symbols finished so far: %i cells', async (calls, complete) => {
    const { answer } = await go(
      { splits: [split('AAPL', '2024-06-10'), split('MSFT', '2024-06-10')] },
      WANTS,
      terms(),
      budgetOf(calls),
    )
    expect(answer).toMatchObject({ calls, interruption: { fault: 'rate_limited', status: null } })
    expect(answer.complete.size).toBe(complete)
    expect([...answer.rows.keys()]).toEqual(complete === 0 ? [] : ['AAPL 2024-06-10'])
    expect(answer.faults.size).toBe(0)
  })

  it('stops at a 429, both in a list and at a symbol', async () => {
    for (const part of ['dividends', 'MSFT/events']) {
      const { answer, vendor } = await go({ more: (url) => (url.pathname.endsWith(part) ? TOO_MANY : null) })
      expect(answer.interruption).toMatchObject({ fault: 'rate_limited', status: 429 })
      await vendor.close()
    }
  })
})

describe('massive actions: rows of actions that do not parse', () => {
  it.each([
    ['a price in words', dividend('AAPL', '2024-06-10', { cash_amount: '0.26' }), ['AAPL 2024-06-10']],
    ['a day that does not exist', dividend('AAPL', '2024-06-10', { pay_date: '2024-06-31' }), ['AAPL 2024-06-10']],
    ['a weekend', dividend('AAPL', '2024-06-09', { cash_amount: null }), ['AAPL 2024-06-10']],
    ['no day', dividend('AAPL', '', {}), DAYS.map((dt) => `AAPL ${dt}`)],
    ['no ticker', dividend('AAPL', '2024-06-10', { ticker: null }), ['AAPL 2024-06-10', 'MSFT 2024-06-10']],
    ['a ticker nobody asked for', dividend('ZZZ', '2024-06-10', { cash_amount: null }), []],
    ['nothing at all', null, WANTS.map(({ symbol, dt }) => `${symbol} ${dt}`)],
  ])('%s marks only the cells it may belong to malformed', async (_what, row, malformed) => {
    const { answer } = await go({ dividends: [row as object, dividend('MSFT', '2024-06-11')] })
    expect(answer.interruption).toBeNull()
    expect([...answer.faults.keys()].sort()).toEqual([...malformed].sort())
    for (const { fault } of answer.faults.values()) expect(fault).toBe('malformed')
    expect(answer.complete.size).toBe(6 - malformed.length)
  })

  it.each([
    ['a split to nothing', { split_to: 0 }],
    ['a split into words', { split_from: '1' }],
    ['a stock dividend that adds nothing', { adjustment_type: 'stock_dividend', split_from: 2, split_to: 1 }],
  ])('%s', async (_what, more) => {
    const { answer } = await go({ splits: [split('AAPL', '2024-06-10', more)] })
    expect([...answer.faults.keys()]).toEqual(['AAPL 2024-06-10'])
    expect(answer.complete.size).toBe(5)
  })

  it('a row of a day outside the request counts as unrequested', async () => {
    const { answer } = await go({ splits: [split('AAPL', '2024-07-10')] })
    expect(answer.unrequested).toEqual([{ symbol: 'AAPL', dt: '2024-07-10', rows: 1 }])
    expect(answer.complete.size).toBe(6)
  })
})
