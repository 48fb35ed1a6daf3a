import { describe, expect, it } from 'vitest'
import type { PlanTerms, Want } from '../../../functions/_vendors/vendor.ts'
import { EMPTY_ACTION } from '../../_market/empty-action.ts'
import { termsOf, want } from '../contract.ts'
import { inOrder, NOW, type Reply } from '../scripted-vendor.ts'
import { asking } from './asking.ts'

const TERMS: PlanTerms = {
  ...termsOf('corporate_actions', NOW),
  names: { META: { until: null, was: [{ symbol: 'FB', to: '2022-06-08' }] } },
}
const page = (groups: Record<string, unknown[]>, token: string | null = null): Reply => ({
  body: { corporate_actions: groups, next_page_token: token },
})
const dividend = (symbol: string, ex_date: string, more: object = {}): object => ({
  id: `${symbol} ${ex_date}`,
  symbol,
  cusip: '123456789',
  rate: 0.25,
  special: false,
  foreign: false,
  ex_date,
  record_date: ex_date,
  payable_date: '2024-07-01',
  process_date: '2024-07-01',
  ...more,
})
const wantsOf = (symbols: string[], days: string[]): Want[] =>
  days.flatMap((dt) => symbols.map((symbol) => want(symbol, dt)))
const DAYS = ['2024-06-03', '2024-06-04', '2024-06-05', '2024-06-06', '2024-06-07', '2024-06-10']
const ask = (replies: Reply[], wants = wantsOf(['AAPL', 'MSFT'], DAYS), terms = TERMS) =>
  asking(wants, inOrder(replies), terms)

describe('alpaca actions: corporate actions of Alpaca', () => {
  it('are asked for once, and a day on which nothing happened is complete without rows', async () => {
    const answer = await ask([page({})])
    expect(answer.asked[0]?.pathname).toBe('/v1/corporate-actions')
    expect(Object.fromEntries(answer.asked[0]?.searchParams ?? [])).toEqual({
      symbols: 'AAPL,MSFT',
      start: '2024-05-02',
      end: '2024-12-07',
      limit: '1000',
      sort: 'asc',
    })
    expect([answer.complete.size, answer.rows.size, answer.calls]).toEqual([12, 0, 1])
  })

  it('lie in the cell of the day they take effect, of a weekend in that of the next session', async () => {
    const split = {
      symbol: 'AAPL',
      id: 's',
      old_rate: 1,
      new_rate: 4,
      ex_date: '2024-06-08',
      process_date: '2024-06-10',
    }
    const answer = await ask([page({ cash_dividends: [dividend('AAPL', '2024-06-05')], forward_splits: [split] })])
    expect(answer.rows.get('AAPL 2024-06-05')).toEqual([
      {
        ...EMPTY_ACTION,
        kind: 'cash_dividend',
        id: 'AAPL 2024-06-05',
        effective_date: '2024-06-05',
        record_date: '2024-06-05',
        payable_date: '2024-07-01',
        cash: 0.25,
        detail: '{"cusip":"123456789","foreign":false,"process_date":"2024-07-01"}',
      },
    ])
    expect(answer.rows.get('AAPL 2024-06-10')).toMatchObject([
      { kind: 'split', effective_date: '2024-06-08', old_shares: 1, new_shares: 4 },
    ])
    expect(answer.complete.size).toBe(12)
  })

  it('may straddle pages, kind by kind', async () => {
    const merger = {
      acquiree_symbol: 'MSFT',
      acquirer_symbol: 'AAPL',
      rate: 5.37,
      effective_date: '2024-06-07',
      process_date: '2024-06-07',
    }
    const answer = await ask([
      page({ cash_dividends: [dividend('AAPL', '2024-06-03'), dividend('MSFT', '2024-06-03')] }, 'two'),
      page({ cash_dividends: [dividend('AAPL', '2024-06-04')], cash_mergers: [merger] }),
    ])
    expect(answer.asked.map((url) => url.searchParams.get('page_token'))).toEqual([null, 'two'])
    expect(answer.asked[1]?.searchParams.get('symbols')).toBe('AAPL,MSFT')
    expect([...answer.rows.keys()].sort()).toEqual([
      'AAPL 2024-06-03',
      'AAPL 2024-06-04',
      'MSFT 2024-06-03',
      'MSFT 2024-06-07',
    ])
    expect(answer.rows.get('MSFT 2024-06-07')).toMatchObject([
      { kind: 'cash_merger', id: 'cash_merger:MSFT:2024-06-07', cash: 5.37, other_symbol: 'AAPL' },
    ])
  })

  it('prove nothing before the last page', async () => {
    const first = page({ cash_dividends: [dividend('AAPL', '2024-06-03')] }, 'two')
    const failed = await ask([first, { status: 500 }])
    expect(failed).toMatchObject({ interruption: { fault: 'unavailable' } })
    expect([failed.complete.size, failed.rows.size]).toEqual([0, 0])
    const looping = await ask([first, page({}, 'two')])
    expect(looping).toMatchObject({ calls: 2, interruption: { fault: 'malformed' } })
    expect(looping.complete.size).toBe(0)
  })

  it('of other companies and other days are ignored: no rows, no faults, none unrequested', async () => {
    const answer = await ask([
      page({
        cash_dividends: [dividend('OTHER', '2024-06-05'), dividend('AAPL', '2024-05-20'), dividend('OTHER', 'never')],
        spin_offs: [{ source_symbol: 'OTHER', new_symbol: 'AAPL', source_rate: 1, new_rate: 1, ex_date: '2024-06-05' }],
      }),
    ])
    expect([answer.rows.size, answer.faults.size, answer.unrequested.length, answer.complete.size]).toEqual([
      0, 0, 0, 12,
    ])
  })

  it('without an id get one that tells them apart', async () => {
    const row = dividend('AAPL', '2024-06-05', { id: undefined })
    const answer = await ask([page({ cash_dividends: [row, dividend('AAPL', '2024-06-05', { id: '' })] })])
    expect(answer.rows.get('AAPL 2024-06-05')).toMatchObject([
      { id: 'cash_dividend:AAPL:2024-06-05' },
      { id: 'cash_dividend:AAPL:2024-06-05:2' },
    ])
  })

  it('say what sort of dividend it is, in the column and, where two words are said, in the detail', async () => {
    const rows = [
      dividend('AAPL', '2024-06-03', { special: true, currency: 'EUR' }),
      dividend('AAPL', '2024-06-04', { sub_type: 'return_of_capital', currency: '' }),
      dividend('AAPL', '2024-06-05', { sub_type: 'interest', special: true, due_bill_on_date: '2024-06-04' }),
    ]
    const answer = await ask([page({ cash_dividends: rows })])
    const [special, capital, both] = [...answer.rows.values()].flat()
    expect(special).toMatchObject({ subtype: 'special', currency: 'EUR' })
    expect(capital).toMatchObject({ subtype: 'return_of_capital', currency: null })
    expect(both).toMatchObject({ subtype: 'interest', detail: expect.stringContaining('"special":true') })
    expect(both).toMatchObject({ detail: expect.stringContaining('"due_bill_on_date":"2024-06-04"') })
  })

  it('of a kind we have no word for are other, with the word of the vendor; what cannot be filed is ignored', async () => {
    const answer = await ask([
      page({
        tender_offers: [
          { symbol: 'AAPL', process_date: '2024-06-05', id: 't', price: 3, nested: { b: 1, a: [2] } },
          { symbol: 'AAPL', ex_date: 'soon' },
          { process_date: '2024-06-05' },
          7,
        ],
      }),
    ])
    expect(answer.rows.get('AAPL 2024-06-05')).toMatchObject([
      {
        kind: 'other',
        id: 't',
        subtype: 'tender_offers',
        effective_date: '2024-06-05',
        detail: '{"nested":{"a":[2],"b":1},"price":3}',
      },
    ])
    expect([answer.rows.size, answer.faults.size]).toEqual([1, 0])
  })
})

describe('alpaca actions: names and corporate actions', () => {
  const days = ['2022-06-08', '2022-06-09', '2022-06-10']

  it('a renamed company is found under the ticker of the day, and its ticker was somebody else before', async () => {
    const rows = [dividend('FB', '2022-06-08'), dividend('META', '2022-06-08'), dividend('META', '2022-06-10')]
    const answer = await ask(
      [page({ cash_dividends: [...rows, dividend('FB', '2022-06-10')] })],
      wantsOf(['META'], days),
    )
    expect(answer.asked[0]?.searchParams.get('symbols')).toBe('FB,META')
    expect([...answer.rows].map(([key, kept]) => [key, kept.map((row) => 'id' in row && row.id)])).toEqual([
      ['META 2022-06-08', ['FB 2022-06-08']],
      ['META 2022-06-10', ['META 2022-06-10']],
    ])
    expect(answer.faults.size).toBe(0)
  })

  it.each(['2022-06-08', '2022-06-09'])(
    'the change itself is the new name’s, processed on %s',
    async (process_date) => {
      const change = { id: 'c', old_symbol: 'FB', new_symbol: 'META', process_date, new_cusip: 'N', old_cusip: 'O' }
      const answer = await ask([page({ name_changes: [change] })], wantsOf(['META'], days))
      expect(answer.rows.get(`META ${process_date}`)).toMatchObject([
        { kind: 'name_change', other_symbol: 'FB', detail: '{"new_cusip":"N","old_cusip":"O"}' },
      ])
    },
  )

  it('a bad row of the company that had the ticker before costs nothing', async () => {
    const bad = dividend('META', '2022-06-08', { rate: 'much' })
    const answer = await ask([page({ cash_dividends: [bad] })], wantsOf(['META'], days))
    expect(answer.faults.size).toBe(0)
  })
})

describe('alpaca actions: corporate actions that do not parse', () => {
  const all = wantsOf(['AAPL', 'MSFT'], DAYS).map(({ symbol, dt }) => `${symbol} ${dt}`)
  it.each([
    [
      'a rate as text costs the day of its symbol',
      dividend('AAPL', '2024-06-05', { rate: '0.25' }),
      ['AAPL 2024-06-05'],
    ],
    ['a missing rate too', dividend('AAPL', '2024-06-05', { rate: undefined }), ['AAPL 2024-06-05']],
    ['an id that is a number too', dividend('AAPL', '2024-06-05', { id: 7 }), ['AAPL 2024-06-05']],
    ['a record date that is none too', dividend('AAPL', '2024-06-05', { record_date: 'soon' }), ['AAPL 2024-06-05']],
    [
      'an unreadable ex-date costs all days of its symbol',
      dividend('AAPL', '2024-02-30'),
      all.filter((key) => key.startsWith('AAPL')),
    ],
    [
      'a row without a name costs its day, of whomever',
      dividend('AAPL', '2024-06-05', { symbol: undefined }),
      ['AAPL 2024-06-05', 'MSFT 2024-06-05'],
    ],
    ['a row that is no row costs everything', 'sorry', all],
    ['a bad row of a day nobody asked about costs nothing', dividend('AAPL', '2024-05-20', { rate: null }), []],
    ['a bad row of another company costs nothing', dividend('OTHER', '2024-06-05', { rate: null }), []],
  ])('%s', async (_what, bad, expected) => {
    const answer = await ask([page({ cash_dividends: [dividend('MSFT', '2024-06-07'), bad] })])
    expect([...answer.faults.keys()].sort()).toEqual([...expected].sort())
    expect([...answer.faults.values()].every((error) => error.fault === 'malformed')).toBe(true)
    expect(answer.complete.size).toBe(12 - expected.length)
    expect(answer.interruption).toBeNull()
  })

  it.each([
    ['no actions', { next_page_token: null }],
    ['no token', { corporate_actions: {} }],
    ['a list', []],
    ['a row where a list belongs', { corporate_actions: { cash_dividends: {} }, next_page_token: null }],
  ])('an envelope with %s is malformed as a whole', async (_what, body) => {
    const answer = await ask([{ body }])
    expect(answer).toMatchObject({ interruption: { fault: 'malformed', status: 200 } })
    expect(answer.complete.size).toBe(0)
  })

  it('a ticker the vendor cannot spell costs its company, the others are asked again', async () => {
    const answer = await ask([
      { status: 400, body: { message: 'invalid symbol: AAPL' } },
      page({ cash_dividends: [dividend('MSFT', '2024-06-05')] }),
    ])
    expect(answer.asked[1]?.searchParams.get('symbols')).toBe('MSFT')
    expect(answer.faults.size).toBe(6)
    expect([...answer.rows.keys()]).toEqual(['MSFT 2024-06-05'])
  })

  it('one that turns up on a later page starts the question afresh, without rows twice', async () => {
    const row = dividend('MSFT', '2024-06-05')
    const answer = await ask([
      page({ cash_dividends: [row] }, 'two'),
      { status: 400, body: { message: 'invalid symbol: AAPL' } },
      page({ cash_dividends: [row] }),
    ])
    expect(answer.calls).toBe(3)
    expect(answer.rows.get('MSFT 2024-06-05')?.length).toBe(1)
  })
})
