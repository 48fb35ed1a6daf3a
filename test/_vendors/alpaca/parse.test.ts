import { describe, expect, it } from 'vitest'
import { want } from '../contract.ts'
import { inOrder } from '../scripted-vendor.ts'
import { asking, DAYS, daily, page, wantsOf } from './asking.ts'

describe('alpaca parse: rows of Alpaca that do not parse', () => {
  it.each([
    ['a null price', { ...daily(DAYS[1]!), c: null }],
    ['a missing price', { ...daily(DAYS[1]!), c: undefined }],
    ['a price as text', { ...daily(DAYS[1]!), c: '10.5' }],
    ['a volume as text', { ...daily(DAYS[1]!), v: '1000' }],
    ['a missing volume', { ...daily(DAYS[1]!), v: undefined }],
  ])('%s costs its own cell and no other', async (_what, bad) => {
    const rows = [daily(DAYS[0]!), daily(DAYS[1]!), bad, daily(DAYS[2]!)]
    const answer = await asking(
      wantsOf('AAPL', 'MSFT'),
      inOrder([page({ AAPL: rows, MSFT: DAYS.map((dt) => daily(dt)) }, null)]),
    )
    expect([...answer.faults.keys()]).toEqual(['AAPL 2024-06-04'])
    expect(answer.faults.get('AAPL 2024-06-04')?.fault).toBe('malformed')
    expect(answer.complete.size).toBe(5)
    expect(answer.rows.has('AAPL 2024-06-04')).toBe(false)
  })

  it.each([
    ['in seconds', 1717387200],
    ['in milliseconds', 1717387200000],
    ['without a zone', '2024-06-04T00:00:00'],
    ['that is a word', 'yesterday'],
    ['that is missing', undefined],
    ['of an impossible day', '2024-13-45T00:00:00Z'],
  ])('a stamp %s costs the cells of that symbol on the page, not those of its neighbours', async (_what, t) => {
    const rows = [daily(DAYS[0]!), { ...daily(DAYS[1]!), t }, daily(DAYS[2]!)]
    const answer = await asking(
      wantsOf('AAPL', 'MSFT'),
      inOrder([page({ AAPL: rows, MSFT: DAYS.map((dt) => daily(dt)) }, null)]),
    )
    expect([...answer.faults.keys()].sort()).toEqual(DAYS.map((dt) => `AAPL ${dt}`))
    expect(answer.complete.size).toBe(3)
  })

  it('an unreadable stamp leaves the days of earlier and later pages alone', async () => {
    const answer = await asking(
      ['2024-06-03', '2024-06-04', '2024-06-05', '2024-06-06', '2024-06-07'].map((dt) => want('AAPL', dt)),
      inOrder([
        page({ AAPL: [daily('2024-06-03'), daily('2024-06-04')] }, 'one'),
        page({ AAPL: [{ ...daily('2024-06-05'), t: 5 }, daily('2024-06-05')] }, 'two'),
        page({ AAPL: [daily('2024-06-06'), daily('2024-06-07')] }, null),
      ]),
    )
    expect([...answer.faults.keys()].sort()).toEqual(['AAPL 2024-06-04', 'AAPL 2024-06-05'])
    expect([...answer.complete].sort()).toEqual(['AAPL 2024-06-03', 'AAPL 2024-06-06', 'AAPL 2024-06-07'])
  })

  it('odd numbers are not judged here', async () => {
    const odd = { ...daily(DAYS[0]!), l: 99, h: -1, v: 0.5, n: null, vw: undefined, extra: 'column' }
    const answer = await asking(wantsOf('AAPL'), inOrder([page({ AAPL: [odd] }, null)]))
    expect(answer.rows.get('AAPL 2024-06-03')?.[0]).toMatchObject({
      low: 99,
      high: -1,
      volume: 0.5,
      trades: null,
      vwap: null,
    })
  })

  it.each([
    ['no bars', { next_page_token: null }],
    ['no token', { bars: {} }],
    ['an error', { error: 'sorry' }],
    ['a bar where a list belongs', { bars: { AAPL: daily(DAYS[0]!) }, next_page_token: null }],
    ['a list', []],
    ['a token that is a number', { bars: {}, next_page_token: 7 }],
  ])('an envelope with %s is malformed as a whole', async (_what, body) => {
    const answer = await asking(wantsOf('AAPL'), inOrder([{ body }]))
    expect(answer.interruption).toMatchObject({ fault: 'malformed', status: 200 })
    expect(answer.interruption?.sample).not.toBeNull()
    expect(answer.complete.size).toBe(0)
  })

  it.each(['{"bars":{"AAPL":[{"t":', '{"bars":{"AAPL":[{"c":NaN}]},"next_page_token":null}'])(
    'text that is no JSON is malformed: %s',
    async (body) => {
      expect((await asking(wantsOf('AAPL'), inOrder([{ body }]))).interruption?.fault).toBe('malformed')
    },
  )
})
