import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../../functions/_calendar/zone.ts'
import { massive } from '../../../functions/_vendors/massive/index.ts'
import type { Answer, PlanTerms, Want } from '../../../functions/_vendors/vendor.ts'
import { expectSoundAnswer, termsOf, want } from '../contract.ts'
import {
  CANARIES,
  inOrder,
  NOW,
  type Reply,
  type Script,
  type ScriptedVendor,
  scriptedVendor,
} from '../scripted-vendor.ts'

let vendor: ScriptedVendor | undefined
afterEach(async () => vendor?.close())

const DAYS = ['2024-06-03', '2024-06-04', '2024-06-05']
const bar = (ts: number): Record<string, unknown> => ({
  v: 900.25,
  vw: 10.5,
  o: 10,
  c: 10.5,
  h: 11,
  l: 9.75,
  t: ts,
  n: 42,
})
const daily = (dt: string): Record<string, unknown> => bar(instantOf(dt, '00:00'))
const grouped = (ticker: string, dt: string): Record<string, unknown> => ({ T: ticker, ...bar(instantOf(dt, '16:00')) })
const aggs = (results: unknown[] | undefined, more: object = {}): Reply => ({
  body: {
    status: 'OK',
    request_id: '0f',
    adjusted: false,
    queryCount: results?.length ?? 0,
    resultsCount: results?.length ?? 0,
    ...(results === undefined ? {} : { results }),
    ...more,
  },
})
const range = (results: unknown[] | undefined, more: object = {}): Reply => aggs(results, { ticker: 'AAPL', ...more })

const YEAR = DAYS.map((dt) => want('AAPL', dt))
const MARKET = ['AAPL', 'GONE', 'MSFT'].map((symbol) => want(symbol, '2024-06-03'))

async function asking(
  wants: Want[],
  script: Script,
  terms: PlanTerms = termsOf('equities_bars', NOW),
): Promise<Answer> {
  vendor = await scriptedVendor(script)
  const [head, ...others] = wants
  if (head === undefined) throw new Error('a test without wants')
  const plan = massive.plan(head, others, terms)
  const answer = await massive.ask(plan, terms, vendor.get(massive))
  expectSoundAnswer(answer, plan)
  return answer
}

describe('massive bars: a range of Massive', () => {
  it('is asked unadjusted, ascending and by base bars', async () => {
    const answer = await asking(
      YEAR,
      inOrder([range([daily(DAYS[0]!), daily(DAYS[2]!)])]),
      termsOf('equities_bars', NOW, { rowsPerPage: 50_000 }),
    )
    expect(vendor?.asked[0]?.pathname).toBe('/v2/aggs/ticker/AAPL/range/1/day/2024-06-03/2024-06-05')
    expect(Object.fromEntries(vendor?.asked[0]?.searchParams ?? [])).toEqual({
      adjusted: 'false',
      sort: 'asc',
      limit: '50000',
    })
    expect(answer.complete.size).toBe(3)
    expect(answer.rows.get('AAPL 2024-06-05')).toEqual([
      {
        ts: instantOf('2024-06-05', '00:00'),
        open: 10,
        high: 11,
        low: 9.75,
        close: 10.5,
        volume: 900.25,
        vwap: 10.5,
        trades: 42,
      },
    ])
    expect(answer.rows.has('AAPL 2024-06-04')).toBe(false)
  })

  it.each([
    ['results are absent', range(undefined)],
    ['results are null', range(undefined, { results: null })],
    ['the data are delayed', range(undefined, { status: 'DELAYED' })],
  ])('is answered as empty when %s', async (_when, reply) => {
    const answer = await asking(YEAR, inOrder([reply]))
    expect(answer).toMatchObject({ interruption: null, calls: 1 })
    expect(answer.complete.size).toBe(3)
    expect(answer.rows.size).toBe(0)
  })

  it.each([
    ['it counts results it does not hold', range(undefined, { resultsCount: 7 }), 'unavailable'],
    ['its list is empty although it counts some', range([], { resultsCount: 7 }), 'unavailable'],
    ['it is about another ticker', range([daily(DAYS[0]!)], { ticker: 'MSFT' }), 'malformed'],
    ['it is adjusted', range([daily(DAYS[0]!)], { adjusted: true }), 'malformed'],
    ['its status is an error', range(undefined, { status: 'ERROR', error: 'sorry' }), 'malformed'],
    ['it counts nothing', { body: { status: 'OK', results: [] } }, 'malformed'],
    ['its path is unknown', { status: 404, contentType: 'text/plain', body: '404 page not found' }, 'malformed'],
  ] as const)('is no answer when %s', async (_when, reply, fault) => {
    const answer = await asking(YEAR, inOrder([reply as Reply]))
    expect(answer.interruption?.fault).toBe(fault)
    expect(answer.complete.size).toBe(0)
  })

  it('follows next_url with the key attached again, and only there', async () => {
    let calls = 0
    const answer = await asking(YEAR, (url) => {
      calls += 1
      if (calls === 1) {
        const next_url = `${vendor?.url}/v2/aggs/ticker/AAPL/range/1/day/1717473600000/2024-06-05?cursor=bGltaXQ9MQ`
        return range([daily(DAYS[0]!)], { next_url })
      }
      expect(url.search).toBe('?cursor=bGltaXQ9MQ')
      return range([daily(DAYS[1]!), daily(DAYS[2]!)])
    })
    expect(answer).toMatchObject({ calls: 2, interruption: null })
    expect(answer.rows.size).toBe(3)
    expect(vendor?.requests[1]?.headers.authorization).toBe(`Bearer ${CANARIES.MASSIVE_API_KEY}`)
  })

  it("follows a next_url under the vendor's other name at the host it was configured with", async () => {
    const answer = await asking(
      YEAR,
      inOrder([
        range([daily(DAYS[0]!)], {
          next_url: 'https://api.polygon.io/v2/aggs/ticker/AAPL/range/1/day/1/2?cursor=abc&apiKey=old',
        }),
        range([daily(DAYS[1]!)]),
      ]),
    )
    expect(answer.calls).toBe(2)
    expect(vendor?.asked[1]?.search).toBe('?cursor=abc')
  })

  it('does not follow a next_url to a stranger, and keeps the days before', async () => {
    const answer = await asking(
      YEAR,
      inOrder([range([daily(DAYS[0]!), daily(DAYS[1]!)], { next_url: 'https://stranger.invalid/v2?cursor=a' })]),
    )
    expect(answer).toMatchObject({ calls: 1, interruption: { fault: 'malformed' } })
    expect([...answer.complete]).toEqual(['AAPL 2024-06-03'])
  })

  it('stops at a next_url it saw before, and when pages do not end', async () => {
    const again = await asking(YEAR, () => range([daily(DAYS[0]!)], { next_url: `${vendor?.url}/v2/aggs?cursor=same` }))
    expect(again).toMatchObject({ calls: 2, interruption: { fault: 'malformed' } })
    await vendor?.close()
    let page = 0
    const endless = await asking(YEAR, () => range([], { next_url: `${vendor?.url}/v2/aggs?cursor=${page++}` }))
    expect(endless).toMatchObject({ calls: 8, interruption: { fault: 'malformed' } })
  })

  it('an unknown ticker refuses its symbol on its own account, not day by day as empty', async () => {
    const answer = await asking(
      YEAR,
      inOrder([{ status: 404, body: { status: 'NOT_FOUND', message: 'Ticker not found.' } }]),
    )
    expect(answer).toMatchObject({ interruption: null, calls: 1 })
    expect(answer.complete.size).toBe(0)
    expect([...answer.faults.values()].map(({ fault, status }) => [fault, status])).toEqual(
      DAYS.map(() => ['not_entitled', 404]),
    )
    expect(answer.faults.get('AAPL 2024-06-03')?.message).toContain('knows no such ticker')
  })

  it('asks for a symbol by its name of those days, spelled as the vendor does, and keeps it under its own', async () => {
    const names = { META: { until: null, was: [{ symbol: 'FB', to: '2024-06-04' }] } }
    const wants = DAYS.map((dt) => want('META', dt))
    const answer = await asking(wants, inOrder([aggs([daily(DAYS[0]!), daily(DAYS[1]!)], { ticker: 'FB' })]), {
      ...termsOf('equities_bars', NOW),
      names,
    })
    expect(vendor?.asked[0]?.pathname).toBe('/v2/aggs/ticker/FB/range/1/day/2024-06-03/2024-06-04')
    expect([...answer.rows.keys()]).toEqual(['META 2024-06-03', 'META 2024-06-04'])
    await vendor?.close()

    const preferred = await asking([want('BAC.PRL', DAYS[0]!)], inOrder([aggs([daily(DAYS[0]!)], { ticker: 'BACpL' })]))
    expect(vendor?.asked[0]?.pathname).toBe('/v2/aggs/ticker/BACpL/range/1/day/2024-06-03/2024-06-03')
    expect([...preferred.rows.keys()]).toEqual(['BAC.PRL 2024-06-03'])
    await vendor?.close()

    const canonical = await asking(
      [want('BAC.PRL', DAYS[0]!)],
      inOrder([aggs([daily(DAYS[0]!)], { ticker: 'BAC.PRL' })]),
    )
    expect(canonical.interruption?.fault).toBe('malformed')
  })

  it('an unknown ticker on a later page is no proof of anything', async () => {
    const gone = { status: 404, body: { status: 'NOT_FOUND', message: 'Ticker not found.' } }
    const answer = await asking(YEAR, (url) =>
      url.searchParams.has('cursor') ? gone : range([daily(DAYS[0]!)], { next_url: `${vendor?.url}/v2/aggs?cursor=1` }),
    )
    expect(answer.interruption?.status).toBe(404)
    expect(answer.complete.size).toBe(0)
  })

  it('minute bars keep their extended hours, and a bad one costs its day only', async () => {
    const at = (dt: string, time: string): Record<string, unknown> => bar(instantOf(dt, time))
    const rows = [
      at(DAYS[0]!, '04:00'),
      at(DAYS[0]!, '19:59'),
      { ...at(DAYS[1]!, '09:30'), c: '10' },
      at(DAYS[2]!, '09:30'),
    ]
    const answer = await asking(
      YEAR,
      inOrder([range(rows)]),
      termsOf('equities_bars_minute', NOW, { rowsPerPage: 50_000 }),
    )
    expect(vendor?.asked[0]?.pathname).toContain('/range/1/minute/')
    expect(answer.rows.get('AAPL 2024-06-03')?.length).toBe(2)
    expect([...answer.faults.keys()]).toEqual(['AAPL 2024-06-04'])
    expect(answer.complete.size).toBe(2)
  })

  it.each([1717387200, 1717387200000000, '2024-06-03', 1717387200000.5, null])(
    'a stamp such as %s is no instant',
    async (t) => {
      const answer = await asking(YEAR, inOrder([range([{ ...daily(DAYS[0]!), t }, daily(DAYS[1]!)])]))
      expect(answer.faults.size).toBe(3)
    },
  )

  it('a session that is still open is too recent', async () => {
    const now = instantOf('2024-06-05', '15:00')
    const answer = await asking(YEAR, inOrder([range(DAYS.map(daily))]), termsOf('equities_bars', now))
    expect(answer.faults.get('AAPL 2024-06-05')).toMatchObject({
      fault: 'too_recent',
      retryAt: instantOf('2024-06-05', '16:00'),
    })
    expect(answer.complete.size).toBe(2)
  })
})

describe('massive bars: the whole market on one day', () => {
  it('answers every symbol wanted, gives the stamp of the start, and ignores the rest of the market', async () => {
    const rows = [grouped('AAPL', DAYS[0]!), grouped('KIMpL', DAYS[0]!), grouped('MSFT', DAYS[0]!)]
    const answer = await asking(MARKET, inOrder([aggs(rows)]))
    expect(vendor?.asked[0]?.pathname).toBe('/v2/aggs/grouped/locale/us/market/stocks/2024-06-03')
    expect(vendor?.asked[0]?.search).toBe('?adjusted=false')
    expect(answer).toMatchObject({ calls: 1, interruption: null, unrequested: [] })
    expect(answer.complete.size).toBe(3)
    expect([...answer.rows.keys()].sort()).toEqual(['AAPL 2024-06-03', 'MSFT 2024-06-03'])
    expect(answer.rows.get('AAPL 2024-06-03')?.[0]).toMatchObject({ ts: instantOf('2024-06-03', '00:00'), close: 10.5 })
  })

  it('finds each symbol under its name of that day and in the spelling of the vendor', async () => {
    const wants = ['BAC.PRL', 'BRK-B', 'META', 'NEW'].map((symbol) => want(symbol, DAYS[0]!))
    const rows = ['BACpL', 'BRK.B', 'FB', 'META', 'NEW'].map((ticker, at) => ({
      ...grouped(ticker, DAYS[0]!),
      n: at + 1,
    }))
    const answer = await asking(wants, inOrder([aggs(rows)]), {
      ...termsOf('equities_bars', NOW),
      names: { META: { until: null, was: [{ symbol: 'FB', to: '2024-06-03' }] } },
    })
    const trades = Object.fromEntries([...answer.rows].map(([key, [row]]) => [key.split(' ')[0], row]))
    expect(trades).toMatchObject({
      'BAC.PRL': { trades: 1 },
      'BRK-B': { trades: 2 },
      META: { trades: 3 },
      NEW: { trades: 5 },
    })
    expect(answer.unrequested).toEqual([])
  })

  it('takes a stamp at the midnight that ends the day, and refuses one of another day', async () => {
    const rows = [
      { ...grouped('AAPL', DAYS[0]!), t: instantOf('2024-06-04', '00:00') },
      { ...grouped('MSFT', DAYS[0]!), t: instantOf('2024-06-04', '16:00') },
    ]
    const answer = await asking(MARKET, inOrder([aggs(rows)]))
    expect(answer.rows.has('AAPL 2024-06-03')).toBe(true)
    expect(answer.faults.get('MSFT 2024-06-03')?.fault).toBe('malformed')
  })

  it('a row without a ticker leaves no symbol proven absent', async () => {
    const { T: _ticker, ...nameless } = grouped('GONE', DAYS[0]!)
    const answer = await asking(MARKET, inOrder([aggs([grouped('AAPL', DAYS[0]!), nameless])]))
    expect([...answer.complete]).toEqual(['AAPL 2024-06-03'])
    expect(answer.faults.size).toBe(2)
  })

  it('a refused day is an interruption, and an unknown path is not an empty market', async () => {
    const answer = await asking(
      MARKET,
      inOrder([{ status: 404, body: { status: 'NOT_FOUND', message: 'nothing here' } }]),
    )
    expect(answer.interruption?.status).toBe(404)
    expect(answer.complete.size).toBe(0)
  })
})
