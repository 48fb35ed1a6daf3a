import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { ALPACA_HEADERS, askAlpaca, hear } from './asking.ts'
import { type Lab, type LabOptions, startLab } from './lab.ts'
import { syntheticBars } from './synthetic.ts'

const NOW = instantOf('2024-06-14', '12:00')
const UNIVERSE = [
  { symbol: 'AAA', from: '2010-01-04', to: null },
  { symbol: 'BBB', from: '2010-01-04', to: null },
  { symbol: 'CCC', from: '2024-03-01', to: '2024-03-08' },
]
const DAILY = { timeframe: '1Day', start: '2024-03-01', end: '2024-03-29', limit: '10000' }

interface BarsBody {
  bars: Record<string, { t: string; o: number; h: number; l: number; c: number; v: number; n: number; vw: number }[]>
  next_page_token: string | null
}

let lab: Lab | undefined
afterEach(async () => lab?.close())

async function setup(options: Partial<LabOptions> = {}): Promise<Lab> {
  const alpaca = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'alpaca' })
  lab = await startLab({ now: () => NOW, seed: 7, plan: 'basic', limits: { alpaca: 10_000 }, alpaca, ...options })
  return lab
}

/** Follows the tokens to the end. */
async function pages(on: Lab, query: Record<string, string>): Promise<BarsBody[]> {
  const all: BarsBody[] = []
  let token: string | null = null
  do {
    const heard = await askAlpaca(on, token === null ? query : { ...query, page_token: token })
    expect(heard.status).toBe(200)
    const page = heard.body as BarsBody
    all.push(page)
    token = page.next_page_token
  } while (token !== null)
  return all
}

const stampsOf = (all: BarsBody[], symbol: string): string[] =>
  all.flatMap((page) => (page.bars[symbol] ?? []).map((bar) => bar.t))

describe('alpaca: stock bars', () => {
  it('stamps daily bars with New York midnight, 05:00Z in winter and 04:00Z in summer', async () => {
    const all = await pages(await setup(), { ...DAILY, symbols: 'AAA' })
    const stamps = stampsOf(all, 'AAA')
    expect(stamps).toContain('2024-03-08T05:00:00Z')
    expect(stamps).toContain('2024-03-11T04:00:00Z')
    expect(stamps).toHaveLength(20)
  })

  it('leaves out a symbol that has no bars, and answers a range without any with an empty map', async () => {
    const on = await setup()
    const heard = await askAlpaca(on, { ...DAILY, symbols: 'AAA,ZZZZ' })
    expect(Object.keys((heard.body as BarsBody).bars)).toEqual(['AAA'])
    const holiday = await askAlpaca(on, { timeframe: '1Day', symbols: 'AAA', start: '2024-03-29', end: '2024-03-29' })
    expect(holiday.text).toBe('{"bars":{},"next_page_token":null}')
    const nineties = await askAlpaca(on, { timeframe: '1Day', symbols: 'AAA', start: '1890-01-02', end: '1890-12-31' })
    expect(nineties.body).toEqual({ bars: {}, next_page_token: null })
  })

  it('fills a page with one symbol before the next begins, so a symbol may straddle two pages', async () => {
    const all = await pages(await setup(), { ...DAILY, symbols: 'CCC,BBB,AAA', limit: '15' })
    expect(Object.keys(all[0]?.bars ?? {})).toEqual(['AAA'])
    expect(Object.keys(all[1]?.bars ?? {})).toEqual(['AAA', 'BBB'])
    const whole = await pages(await setup(), { ...DAILY, symbols: 'AAA,BBB,CCC' })
    for (const symbol of ['AAA', 'BBB', 'CCC']) expect(stampsOf(all, symbol)).toEqual(stampsOf(whole, symbol))
  })

  it('gives a token after a page that is exactly full, and then an empty page', async () => {
    const all = await pages(await setup(), { ...DAILY, symbols: 'AAA', limit: '20' })
    expect(all).toHaveLength(2)
    expect(all[1]).toEqual({ bars: {}, next_page_token: null })
    const token = Buffer.from(all[0]?.next_page_token ?? '', 'base64').toString()
    expect(token).toBe(`AAA|D|${instantOf('2024-03-28', '00:00')}000000`)
  })

  it('serves descending order with the same bars', async () => {
    const on = await setup()
    const up = stampsOf(await pages(on, { ...DAILY, symbols: 'AAA' }), 'AAA')
    const down = stampsOf(await pages(on, { ...DAILY, symbols: 'AAA', sort: 'desc', limit: '7' }), 'AAA')
    expect(down).toEqual(up.toReversed())
  })

  it('pages minute bars without losing or repeating one, in both orders', async () => {
    const on = await setup()
    const query = { symbols: 'AAA,BBB', timeframe: '1Min', start: '2024-03-07', end: '2024-03-12' }
    const whole = await pages(on, { ...query, limit: '10000' })
    const cut = await pages(on, { ...query, limit: '97' })
    const down = await pages(on, { ...query, limit: '101', sort: 'desc' })
    for (const symbol of ['AAA', 'BBB']) {
      expect(stampsOf(cut, symbol)).toEqual(stampsOf(whole, symbol))
      expect(stampsOf(down, symbol)).toEqual(stampsOf(whole, symbol).toReversed())
    }
  })

  it('counts an end that equals the start of a bar in', async () => {
    const times = { start: '2024-03-05T14:30:00Z', end: '2024-03-05T15:30:00.000000000Z' }
    const all = await pages(await setup(), { symbols: 'AAA', timeframe: '1Min', ...times })
    expect(stampsOf(all, 'AAA')).toHaveLength(61)
  })

  it('has no daily bar in a window of trading hours', async () => {
    const times = { start: '2024-03-05T14:30:00Z', end: '2024-03-05T21:00:00Z' }
    const heard = await askAlpaca(await setup(), { symbols: 'AAA', timeframe: '1Day', ...times })
    expect((heard.body as BarsBody).bars).toEqual({})
  })

  it('answers the single-symbol path with a list', async () => {
    const on = await setup()
    const url = `${on.alpaca.url}/v2/stocks/AAA/bars?timeframe=1Day&start=2024-03-04&end=2024-03-04`
    const { body } = await hear(url, ALPACA_HEADERS)
    expect(body).toMatchObject({ symbol: 'AAA', bars: [{ t: '2024-03-04T05:00:00Z' }] })
  })

  it('prints an integral price without a fraction and orders fields by the request alone', async () => {
    const on = await setup()
    const asked = ['2024-03-04', '2024-03-05', '2024-03-06', '2024-03-07'].map((day) => ({
      symbols: 'AAA',
      timeframe: '1Day',
      start: day,
      end: day,
    }))
    const first = await Promise.all(asked.map((query) => askAlpaca(on, query)))
    const again = await Promise.all(asked.toReversed().map((query) => askAlpaca(on, query)))
    expect(again.toReversed().map((heard) => heard.text)).toEqual(first.map((heard) => heard.text))
    expect(new Set(first.map((heard) => /\[\{"(\w+)"/.exec(heard.text)?.[1])).size).toBeGreaterThan(1)
    expect(first.some((heard) => /\.0[,}]/.test(heard.text))).toBe(false)
  })

  it('sees only a share of the volume on the feed iex', async () => {
    const on = await setup()
    const query = { symbols: 'AAA', timeframe: '1Day', start: '2024-03-04', end: '2024-03-04' }
    const [sip] = ((await askAlpaca(on, query)).body as BarsBody).bars.AAA ?? []
    const [iex] = ((await askAlpaca(on, { ...query, feed: 'iex' })).body as BarsBody).bars.AAA ?? []
    expect(iex?.c).toBe(sip?.c)
    expect(iex?.v).toBeLessThan((sip?.v ?? 0) / 20)
  })
})

describe('alpaca: refusals', () => {
  const day = { symbols: 'AAA', timeframe: '1Day', start: '2024-03-04', end: '2024-03-08' }
  it.each([
    [{ ...day, timeframe: '3Fortnight' }, 400, 'invalid timeframe: 3Fortnight'],
    [{ ...day, start: 'not-a-date' }, 400, "Invalid format for parameter start: error parsing 'not-a-date'"],
    [{ ...day, start: '2024-03-09' }, 400, 'end should not be before start'],
    [{ ...day, symbols: 'AAA,CSP1' }, 400, 'invalid symbol: CSP1'],
    [{ ...day, symbols: 'BBB,AAA' }, 400, 'invalid symbol: BBB'],
    [{ ...day, page_token: '' }, 400, 'invalid page_token'],
    [{ ...day, page_token: 'undefined' }, 400, 'invalid page_token'],
    [{ ...day, limit: '10001' }, 400, 'invalid limit: 10001'],
    [{ ...day, adjustment: 'all' }, 400, 'invalid adjustment: all'],
    [{ ...day, end: '2024-06-14' }, 403, 'subscription does not permit querying recent SIP data'],
  ])('%j is a %i: %s', async (query, status, message) => {
    const heard = await askAlpaca(await setup({ poison: ['BBB'] }), query)
    expect(heard.status).toBe(status)
    expect((heard.body as { message: string }).message).toContain(message)
  })

  it('answers wrong keys with an HTML page and 401', async () => {
    const on = await setup()
    const heard = await hear(`${on.alpaca.url}/v2/stocks/bars?symbols=AAA&timeframe=1Day`, {
      ...ALPACA_HEADERS,
      'APCA-API-SECRET-KEY': 'wrong',
    })
    expect([heard.status, heard.type]).toEqual([401, 'text/html'])
    expect(heard.text).toContain('401 Authorization Required')
  })

  it('answers wrong keys on the trading host with 403 and one word', async () => {
    const on = await setup()
    const heard = await hear(`${on.alpaca.url}/v2/clock`, { ...ALPACA_HEADERS, 'APCA-API-SECRET-KEY': 'wrong' })
    expect([heard.status, heard.body]).toEqual([403, { message: 'forbidden.' }])
  })
})

describe('alpaca: walls and the clock', () => {
  it('ends the recency wall exactly 15 minutes behind the clock, and only for sip', async () => {
    const on = await setup()
    const query = { symbols: 'AAA', timeframe: '1Min', start: '2024-06-14T13:30:00Z' }
    const end = (ms: number) => new Date(ms).toISOString()
    expect((await askAlpaca(on, { ...query, end: end(NOW - 900_000) })).status).toBe(200)
    expect((await askAlpaca(on, { ...query, end: end(NOW - 899_999) })).status).toBe(403)
    expect((await askAlpaca(on, { ...query, end: end(NOW), feed: 'iex' })).status).toBe(200)
  })

  it('holds nothing before 2016 on the free plan, and everything on the open one', async () => {
    const query = { ...DAILY, symbols: 'AAA', start: '2015-12-28', end: '2016-01-05' }
    expect(stampsOf(await pages(await setup(), query), 'AAA')).toEqual(['2016-01-04T05:00:00Z', '2016-01-05T05:00:00Z'])
    await lab?.close()
    expect(stampsOf(await pages(await setup({ plan: 'open' }), query), 'AAA')).toHaveLength(6)
  })

  it('serves no minute that is not over, and of the running day what traded so far', async () => {
    let now = NOW
    const on = await setup({ plan: 'open', now: () => now })
    const today = { symbols: 'AAA', start: '2024-06-14', end: '2024-06-20' }
    const daily = async () => (await pages(on, { ...today, timeframe: '1Day' })).flatMap((page) => page.bars.AAA ?? [])
    const [running] = await daily()
    now = instantOf('2024-06-14', '16:00')
    const [whole] = await daily()
    expect(running).toMatchObject({ t: '2024-06-14T04:00:00Z', o: whole?.o })
    expect(running?.v).toBeLessThan(whole?.v ?? 0)
    now = instantOf('2024-06-14', '09:30')
    expect(await daily()).toEqual([])
    now = NOW
    const minutes = stampsOf(await pages(on, { ...today, timeframe: '1Min' }), 'AAA')
    expect(minutes.at(-1)).toBe('2024-06-14T15:59:00Z')
  })
})

describe('alpaca: assets', () => {
  const assets = async (query: Record<string, string>): Promise<{ symbol: string; status: string }[]> =>
    (await hear(`${(await setup()).alpaca.url}/v2/assets?${new URLSearchParams(query)}`, ALPACA_HEADERS)).body as {
      symbol: string
      status: string
    }[]

  it('is one list without pages and without any date', async () => {
    const all = await assets({})
    expect(all.map(({ symbol, status }) => `${symbol} ${status}`)).toEqual(['AAA active', 'BBB active', 'CCC inactive'])
    expect(Object.keys(all[0]!).filter((name) => /date|utc|_at/.test(name))).toEqual([])
  })

  it('has the active ones only where they are asked for', async () => {
    const active = await assets({ status: 'active', asset_class: 'us_equity' })
    expect(active.map(({ symbol }) => symbol)).toEqual(['AAA', 'BBB'])
  })
})
