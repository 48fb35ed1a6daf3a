/** The vendors' own clients page through the lab and find the rows that asking for everything at once gives. */
import { TimeFrame } from '@alpacahq/alpaca-trade-api'
import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { ALPACA_HEADERS, askAlpaca, askMassive, hear } from './asking.ts'
import { alpacaClient, massiveClient, NOW, openLab } from './clients.ts'
import type { Lab } from './lab.ts'

let lab: Lab | undefined
afterEach(async () => lab?.close())

async function setup(): Promise<Lab> {
  lab = await openLab()
  return lab
}

type Wire = Record<string, unknown>
const sorted = (rows: Wire[], ...columns: string[]): Wire[] => {
  const key = (row: Wire) => columns.map((column) => String(row[column])).join(' ')
  return rows.toSorted((a, b) => (key(a) < key(b) ? -1 : 1))
}
const rowsOf = (answer: unknown): Wire[] => (answer as { results?: Wire[] }).results ?? []
const plain = (rows: unknown): Wire[] => JSON.parse(JSON.stringify(rows)) as Wire[]
const direct = async (on: Lab, path: string): Promise<Wire[]> => rowsOf((await askMassive(on, path)).body)
const from = (dt: string) => new Date(`${dt}T00:00:00Z`)

describe("official clients: Alpaca's client", () => {
  it('collects stock bars of several symbols over many pages', async () => {
    const on = await setup()
    const range = { start: from('2024-01-02'), end: from('2024-06-01') }
    const symbols = ['EEE', 'AAA', 'BRK.B', 'DDD']
    const found = await alpacaClient(on).marketData.getStockBars({
      symbols,
      timeframe: TimeFrame.Day,
      limit: 50,
      ...range,
    })
    const calls = on.alpaca.stats().calls
    expect(calls).toBeGreaterThan(6)
    const query = { symbols: symbols.join(), timeframe: '1Day', start: '2024-01-02', end: '2024-05-31', limit: '10000' }
    const { bars } = (await askAlpaca(on, query)).body as { bars: Record<string, Wire[]> }
    expect(Object.keys(found).sort()).toEqual(['AAA', 'BRK.B', 'DDD', 'EEE'])
    for (const symbol of symbols) {
      const got = found[symbol]?.map(({ timestamp, open, high, low, close, volume, vwap, tradeCount }) => {
        const t = timestamp.toISOString().replace('.000Z', 'Z')
        return { t, o: open, h: high, l: low, c: close, v: volume, vw: vwap, n: tradeCount }
      })
      expect(got).toEqual(bars[symbol])
    }
  })

  it('collects option contracts and their bars', async () => {
    const on = await setup()
    const client = alpacaClient(on)
    const contracts = await client.trading.collectOptionsContracts({
      underlyingSymbols: 'AAA',
      expirationDateGte: from('2024-06-14'),
      limit: 17,
    })
    expect(contracts.length).toBeGreaterThan(40)
    expect(new Set(contracts.map((contract) => contract.symbol)).size).toBe(contracts.length)
    expect(contracts[0]).toMatchObject({
      underlyingSymbol: 'AAA',
      status: 'active',
      style: 'american',
      multiplier: '100',
    })
    const symbols = contracts.slice(0, 60).map((contract) => contract.symbol)
    const range = { start: from('2024-06-03'), end: from('2024-06-14') }
    const found = await client.marketData.getOptionBars({ symbols, timeframe: TimeFrame.Day, limit: 40, ...range })
    const query = new URLSearchParams({
      symbols: symbols.join(),
      timeframe: '1Day',
      start: '2024-06-03',
      end: '2024-06-13',
      limit: '10000',
    })
    const heard = await hear(`${on.alpaca.url}/v1beta1/options/bars?${query}`, ALPACA_HEADERS)
    const { bars } = heard.body as { bars: Record<string, Wire[]> }
    const counts = (map: Record<string, unknown[]>) =>
      Object.entries(map).map(([symbol, rows]) => [symbol, rows.length])
    expect(counts(found).sort()).toEqual(counts(bars).sort())
    expect(Object.keys(bars).length).toBeGreaterThan(20)
  })

  it('collects corporate actions of all kinds', async () => {
    const on = await setup()
    const req = { start: from('2019-01-01'), end: from('2024-12-31') }
    const found = await alpacaClient(on).marketData.collectCorporateActions({ ...req, limit: 3 })
    expect(on.alpaca.stats().calls).toBeGreaterThan(5)
    const url = `${on.alpaca.url}/v1beta1/corporate-actions?start=2019-01-01&end=2024-12-31&limit=1000`
    const whole = (await hear(url, ALPACA_HEADERS)).body as { corporate_actions: Record<string, Wire[]> }
    const actions = whole.corporate_actions
    const ids = (rows: unknown) => (rows as { id: string }[]).map((row) => row.id)
    expect(ids(found.forwardSplits)).toEqual(ids(actions.forward_splits))
    expect(ids(found.reverseSplits)).toEqual(ids(actions.reverse_splits))
    expect(ids(found.cashDividends)).toEqual(ids(actions.cash_dividends))
    expect(found.forwardSplits?.find(({ symbol }) => symbol === 'AAA')).toMatchObject({
      symbol: 'AAA',
      newRate: 5,
      oldRate: 1,
    })
    expect(found.reverseSplits?.[0]).toMatchObject({ symbol: 'BBB', newRate: 1, oldRate: 50 })
  })

  it('reads the calendar and the clock', async () => {
    const { trading } = alpacaClient(await setup())
    const days = await trading.calendar.legacyCalendar({ start: from('2024-07-01'), end: from('2024-07-05') })
    expect(days.map(({ date, open, close }) => [date.toISOString().slice(0, 10), open, close])).toEqual([
      ['2024-07-01', '09:30', '16:00'],
      ['2024-07-02', '09:30', '16:00'],
      ['2024-07-03', '09:30', '13:00'],
      ['2024-07-05', '09:30', '16:00'],
    ])
    const clock = await trading.clock.legacyClock()
    expect(clock.isOpen).toBe(false)
    expect(clock.timestamp?.getTime()).toBe(NOW)
    expect(clock.nextOpen?.getTime()).toBe(instantOf('2024-06-17', '09:30'))
  })
})

describe("official clients: Massive's client", () => {
  it('pages through aggregates of a stock', async () => {
    const on = await setup()
    const range = { multiplier: 1, timespan: 'day', from: '2024-01-02', to: '2024-06-01' } as const
    const answer = await massiveClient(on).getStocksAggregates({ stocksTicker: 'BRK.B', ...range, limit: 25 } as never)
    expect(on.massive.stats().calls).toBeGreaterThan(3)
    const whole = await direct(on, '/v2/aggs/ticker/BRK.B/range/1/day/2024-01-02/2024-06-01')
    expect(sorted(rowsOf(answer), 't')).toEqual(whole)
  })

  it('pages through option contracts and their aggregates', async () => {
    const on = await setup()
    const client = massiveClient(on)
    const answer = await client.listOptionsContracts({ underlyingTicker: 'EEE', limit: 30 })
    const path = '/v3/reference/options/contracts?underlying_ticker=EEE&limit=1000'
    const whole = await direct(on, path)
    expect(whole.length).toBeGreaterThan(60)
    expect(sorted(rowsOf(answer), 'ticker')).toEqual(whole)
    const ticker = String(whole[Math.floor(whole.length / 3)]?.ticker)
    const range = { multiplier: 1, timespan: 'minute', from: '2024-05-01', to: '2024-06-13' } as const
    const bars = await client.getOptionsAggregates({ optionsTicker: ticker, ...range, limit: 20 } as never)
    const all = await direct(on, `/v2/aggs/ticker/${ticker}/range/1/minute/2024-05-01/2024-06-13`)
    expect(all.length).toBeGreaterThan(20)
    expect(sorted(rowsOf(bars), 't')).toEqual(all)
  })

  it('pages through splits and dividends, new and old', async () => {
    const on = await setup()
    const client = massiveClient(on)
    const cases = [
      [await client.getStocksV1Splits({ limit: 1 }), '/stocks/v1/splits', 'id'],
      [await client.getStocksV1Dividends({ limit: 20, sort: 'ex_dividend_date.asc' }), '/stocks/v1/dividends', 'id'],
      [await client.listStockSplits({ limit: 1 }), '/v3/reference/splits', 'ticker'],
      [await client.listDividends({ limit: 20 }), '/v3/reference/dividends', 'ticker'],
    ] as const
    for (const [answer, path, key] of cases) {
      const whole = await direct(on, `${path}?limit=1000`)
      const columns = [key, 'ex_dividend_date', 'cash_amount']
      expect(whole.length).toBeGreaterThan(2)
      expect(sorted(rowsOf(answer), ...columns)).toEqual(sorted(whole, ...columns))
    }
  })

  it('reads the whole market of one day, tickers, their events and Treasury yields', async () => {
    const on = await setup()
    const client = massiveClient(on)
    const market = rowsOf(await client.getGroupedStocksAggregates({ date: '2024-06-13' } as never))
    expect(market.map((row) => row.T)).toEqual(['AAA', 'BBB', 'BRK.B', 'CCC', 'EEE'])
    expect(new Set(market.map((row) => row.t))).toEqual(new Set([instantOf('2024-06-13', '16:00')]))
    const [previous] = rowsOf(await client.getPreviousStocksAggregates({ stocksTicker: 'AAA' } as never))
    expect(previous).toEqual(market[0])
    const tickers = rowsOf(await client.listTickers({ limit: 2 }))
    expect(tickers.map((row) => row.ticker).sort()).toEqual(['AAA', 'BBB', 'BRK.B', 'CCC', 'EEE'])
    const details = await client.getTicker({ ticker: 'CCC' })
    expect((plain([details])[0] as Wire).results).toMatchObject({
      ticker: 'CCC',
      list_date: '2023-11-06',
      active: true,
    })
    const yields = rowsOf(await client.getFedV1TreasuryYields({ dateGte: '2024-05-01', limit: 9 }))
    const whole = await direct(on, '/fed/v1/treasury-yields?date.gte=2024-05-01&limit=5000')
    expect(whole.length).toBeGreaterThan(20)
    expect(sorted(yields, 'date')).toEqual(whole)
  })
})
