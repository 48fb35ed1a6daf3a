import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { massive } from '../../../functions/_vendors/massive/index.ts'
import type { ReferenceQuestion, ReferenceWant } from '../../../functions/_vendors/vendor.ts'
import { type Reply, scriptedVendor } from '../scripted-vendor.ts'
import { list, NO_PATH, NOT_ENTITLED, NOT_FOUND, TOO_MANY } from './asking.ts'

const row = (ticker: string, more: object = {}): object => ({
  ticker,
  name: `${ticker} Inc.`,
  market: 'stocks',
  locale: 'us',
  primary_exchange: 'XNYS',
  type: 'CS',
  active: true,
  cik: '0001',
  composite_figi: 'BBG1',
  ...more,
})
const described = (ticker: string): object => ({
  name: `${ticker} Inc.`,
  exchange: 'XNYS',
  type: 'CS',
  cik: '0001',
  compositeFigi: 'BBG1',
})
const want = (symbol: string, asOf: string | null = null): ReferenceWant => ({ symbol, asOf })
const NEXT = { next_url: 'https://api.massive.com/v3/reference/tickers?cursor=abc' }

async function ask(question: ReferenceQuestion, wants: readonly ReferenceWant[], reply: Reply) {
  const vendor = await scriptedVendor(() => reply)
  try {
    const answer = await massive.references?.ask(question, wants, vendor.get(massive))
    return { answer, asked: vendor.asked.map((url) => url.pathname + decodeURIComponent(url.search)) }
  } finally {
    await vendor.close()
  }
}

describe('massive reference: the list of tickers', () => {
  it('is asked from the first wanted ticker on, as the vendor spells it, and answers up to its last row', async () => {
    const wants = [want('MSFT'), want('BAC.PRL'), want('BAC'), want('AAPL')]
    const rows = [row('AAPL'), row('B'), row('BAC'), row('BACpL'), row('BB')]
    const { answer, asked } = await ask('listed', wants, list(rows, NEXT))
    expect(asked).toEqual([
      '/v3/reference/tickers?market=stocks&active=true&ticker.gte=AAPL&sort=ticker&order=asc&limit=1000',
    ])
    expect(answer).toEqual([
      { symbol: 'BAC.PRL', isListed: true, ...described('BACpL') },
      { symbol: 'BAC', isListed: true, ...described('BAC') },
      { symbol: 'AAPL', isListed: true, ...described('AAPL') },
    ])
  })

  it('answers a missing ticker before its last row with a statement that proves nothing', async () => {
    const { answer } = await ask('listed', [want('AB'), want('AC'), want('ZZ')], list([row('AC'), row('AD')], NEXT))
    expect(answer).toEqual([
      { symbol: 'AB', isListed: false },
      { symbol: 'AC', isListed: true, ...described('AC') },
    ])
  })

  it('answers every want on its last page', async () => {
    const { answer } = await ask('listed', [want('ZX'), want('ZZ')], list([row('ZX')]))
    expect(answer).toMatchObject([
      { symbol: 'ZX', isListed: true },
      { symbol: 'ZZ', isListed: false },
    ])
    expect((await ask('delisted', [want('ZZ')], list([]))).answer).toEqual([{ symbol: 'ZZ' }])
  })

  it('does not take a full page without a cursor for the last one', async () => {
    const rows = Array.from({ length: 1_000 }, (_, at) => row(`A${String(at + 3).padStart(4, '0')}`))
    const { answer } = await ask('listed', [want('A0003'), want('B')], list(rows))
    expect(answer).toMatchObject([{ symbol: 'A0003' }])
    expect(answer).toHaveLength(1)
  })

  it('states the newest delisting of a ticker that several companies had, and none without a day', async () => {
    const rows = [
      row('META', { active: false, delisted_utc: '2011-03-01T05:00:00Z', name: 'Older' }),
      row('META', { active: false, delisted_utc: '2014-05-02T04:00:00Z', name: 'Newer' }),
      row('MON', { active: false }),
      row('MOO', { active: false, delisted_utc: 'soon' }),
    ]
    const { answer, asked } = await ask('delisted', [want('META'), want('MON'), want('MOO')], list(rows))
    expect(asked[0]).toContain('active=false&ticker.gte=META')
    expect(answer).toEqual([
      { symbol: 'META', ...described('META'), name: 'Newer', delistedOn: '2014-05-02' },
      { symbol: 'MON', ...described('MON') },
      { symbol: 'MOO', ...described('MOO') },
    ])
  })

  it('leaves a ticker at the end of a page to the next page, unless the page begins with it', async () => {
    const old = row('ZI', { active: false, delisted_utc: '2001-01-02T05:00:00Z' })
    expect((await ask('delisted', [want('ZA'), want('ZI')], list([row('ZB'), old], NEXT))).answer).toEqual([
      { symbol: 'ZA' },
    ])
    expect((await ask('delisted', [want('ZI')], list([old], NEXT))).answer).toMatchObject([
      { symbol: 'ZI', delistedOn: '2001-01-02' },
    ])
  })

  it.each([
    ['rows out of order', list([row('B'), row('A')])],
    ['rows before the one asked for', list([row('0')])],
    ['rows without tickers', list([{ name: 'Nobody' }])],
    ['no list', { body: { status: 'OK', results: {} } }],
  ])('is malformed with %s', async (_what, reply) => {
    expect((await ask('listed', [want('A')], reply)).answer).toMatchObject({ vendor: 'massive', fault: 'malformed' })
  })

  it('says why it failed and does not throw', async () => {
    expect((await ask('listed', [want('A')], TOO_MANY)).answer).toMatchObject({ fault: 'rate_limited', status: 429 })
    expect((await ask('listed', [want('A')], list([], { count: 3 }))).answer).toMatchObject({ fault: 'unavailable' })
  })
})

describe('massive reference: the details of a ticker', () => {
  it('state its first day, asked as of today or as of a day it was listed', async () => {
    const reply = { body: { status: 'OK', results: row('BRK.B', { list_date: '1996-05-09' }) } }
    const { answer, asked } = await ask('details', [want('BRK-B'), want('C')], reply)
    expect(answer).toEqual([{ symbol: 'BRK-B', ...described('BRK.B'), listedFrom: '1996-05-09' }])
    expect(asked).toEqual(['/v3/reference/tickers/BRK.B'])
    expect((await ask('details', [want('BRK.B', '2020-01-02')], reply)).asked).toEqual([
      '/v3/reference/tickers/BRK.B?date=2020-01-02',
    ])
  })

  it('state nothing for a ticker that was given up, or without a day that is one', async () => {
    expect((await ask('details', [want('ZI')], NOT_FOUND)).answer).toEqual([{ symbol: 'ZI' }])
    const reply = { body: { status: 'OK', results: { ticker: 'ZI', list_date: '0000-00-00' } } }
    expect((await ask('details', [want('ZI')], reply)).answer).toEqual([{ symbol: 'ZI' }])
  })

  it('are malformed when they are those of another ticker, or a list', async () => {
    const other = { body: { status: 'OK', results: row('OTHER') } }
    expect((await ask('details', [want('ZI')], other)).answer).toMatchObject({ fault: 'malformed' })
    expect((await ask('details', [want('ZI')], list([row('ZI')]))).answer).toMatchObject({ fault: 'malformed' })
  })
})

describe('massive reference: the earlier tickers of a company', () => {
  const change = (ticker: string, date: string): object => ({ type: 'ticker_change', date, ticker_change: { ticker } })
  const events = (...events: object[]): Reply => ({ body: { status: 'OK', results: { events } } })

  it('are given oldest first, each with the day before the next', async () => {
    const reply = events(change('C', '2020-06-01'), change('B', '2010-06-01'), change('A', '2000-06-01'))
    const { answer, asked } = await ask('names', [want('C')], reply)
    expect(asked).toEqual(['/vX/reference/tickers/C/events?types=ticker_change'])
    const earlierTickers = [
      { symbol: 'A', to: '2010-05-31' },
      { symbol: 'B', to: '2020-05-31' },
    ]
    expect(answer).toEqual([{ symbol: 'C', earlierTickers }])
  })

  it('may be none', async () => {
    expect((await ask('names', [want('C')], events(change('C', '2000-06-01')))).answer).toEqual([
      { symbol: 'C', earlierTickers: [] },
    ])
    expect((await ask('names', [want('C')], NOT_FOUND)).answer).toEqual([{ symbol: 'C' }])
  })

  it.each([
    ['outside the plan', NOT_ENTITLED, { fault: 'not_entitled', status: 403 }],
    ['at an address that is gone', NO_PATH, { status: 404 }],
    ['of another company', events(change('X', '2020-06-01')), { fault: 'malformed' }],
  ])('say why they failed %s', async (_what, reply, error) => {
    expect((await ask('names', [want('C')], reply)).answer).toMatchObject(error)
  })
})

const SAMPLES = join(process.cwd(), '../shared/vendor-samples/massive')

describe.skipIf(!existsSync(SAMPLES))(
  'massive reference: recorded answers (skipped without ../shared/vendor-samples)',
  () => {
    const recorded = (name: string): Reply => ({ body: readFileSync(join(SAMPLES, `${name}.json`), 'utf8') })

    it('of the list are read page by page', async () => {
      expect((await ask('listed', [want('A'), want('AA'), want('AAA')], recorded('tickers_page1'))).answer).toEqual([
        {
          symbol: 'A',
          isListed: true,
          name: 'Agilent Technologies Inc.',
          type: 'CS',
          exchange: 'XNYS',
          compositeFigi: 'BBG000C2V3D6',
          cik: '0001090872',
        },
      ])
      expect(
        (await ask('listed', [want('AAA'), want('AAAU'), want('AAB')], recorded('tickers_page2'))).answer,
      ).toMatchObject([
        { symbol: 'AAA', isListed: true, type: 'ETF' },
        { symbol: 'AAAU', isListed: true },
        { symbol: 'AAB', isListed: false },
      ])
    })

    it('of details and events are read', async () => {
      expect((await ask('details', [want('AAPL')], recorded('ticker_details'))).answer).toMatchObject([
        { symbol: 'AAPL', listedFrom: '1980-12-12', compositeFigi: 'BBG000B9XRY4' },
      ])
      // The trading change was on 2022-06-09: the day is approximate.
      expect((await ask('names', [want('META')], recorded('ticker_events'))).answer).toEqual([
        { symbol: 'META', earlierTickers: [{ symbol: 'FB', to: '2022-06-10' }] },
      ])
    })
  },
)
