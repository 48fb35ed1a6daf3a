import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, it } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { ALPACA_HEADERS, askMassive, type Heard, hear } from './asking.ts'
import { folderOptions } from './folder-options.ts'
import { type Lab, type LabOptions, startLab } from './lab.ts'
import { type OptionSource, occOf, partsOfOcc } from './option-source.ts'
import { syntheticBars } from './synthetic.ts'
import { syntheticOptions } from './synthetic-options.ts'

const REFERENCE = resolve(process.cwd(), '../shared/data/options')
const NOW = instantOf('2024-06-14', '12:00')
const UNIVERSE = [{ symbol: 'AAA', from: '2010-01-04', to: null, splits: [{ exDt: '2024-05-15', ratio: 2 }] }]
const BARS = syntheticBars({ seed: 7, universe: UNIVERSE, vendor: 'alpaca' })
const OPTIONS = syntheticOptions({ seed: 7, underliers: ['AAA'], bars: BARS, from: '2024-03-01', to: '2024-12-31' })

let lab: Lab | undefined
let folder: string | undefined
afterEach(async () => {
  await lab?.close()
  if (folder !== undefined) rmSync(folder, { recursive: true })
  folder = undefined
})

async function setup(source: OptionSource = OPTIONS, options: Partial<LabOptions> = {}): Promise<Lab> {
  const limits = { alpaca: 10_000, massive: 10_000 }
  lab = await startLab({
    now: () => NOW,
    seed: 7,
    plan: 'open',
    limits,
    options: { alpaca: source, massive: source },
    ...options,
  })
  return lab
}

const bars = (on: Lab, query: Record<string, string>): Promise<Heard> =>
  hear(`${on.alpaca.url}/v1beta1/options/bars?${new URLSearchParams(query)}`, ALPACA_HEADERS)
const busiest = OPTIONS.contracts('AAA')
  .filter((contract) => contract.expiry === '2024-06-21')
  .map((contract) => ({
    contract,
    rows: OPTIONS.bars.minute(contract.symbol, instantOf('2024-06-03', '00:00'), NOW).length,
  }))
  .toSorted((a, b) => b.rows - a.rows)[0]?.contract

describe('options: OCC symbols', () => {
  it('come back from their parts', () => {
    const parts = fc.record({
      root: fc.constantFrom('A', 'SPXW', 'AAPL1', 'BRKB'),
      expiry: fc.constantFrom('2024-01-19', '2014-06-21'),
      right: fc.constantFrom('call' as const, 'put' as const),
      strike: fc.integer({ min: 1, max: 9_999_999 }).map((thousandths) => thousandths / 1_000),
    })
    fc.assert(
      fc.property(parts, (some) => {
        expect(partsOfOcc(occOf(some))).toEqual(some)
      }),
    )
    expect(partsOfOcc('O:AAPL240119C00300000')).toBeUndefined()
  })
})

describe('options: synthetic options', () => {
  it('are listed some months ahead, expire on third Fridays and stand around the price', () => {
    const contracts = OPTIONS.contracts('AAA')
    expect(new Set(contracts.map((contract) => contract.expiry))).toContain('2024-06-21')
    // 21 June 2024 was a third Friday; so was 15 March.
    expect(contracts[0]?.expiry).toBe('2024-03-15')
    const on = contracts.filter((contract) => contract.listedDt <= '2024-06-14' && contract.expiry >= '2024-06-14')
    expect(on.length).toBeGreaterThan(60)
    expect(OPTIONS.contracts('ZZZ')).toEqual([])
  })

  it('listed before a split deliver more shares', () => {
    const shares = (expiry: string) => OPTIONS.contracts('AAA').find((contract) => contract.expiry === expiry)?.shares
    expect([shares('2024-03-15'), shares('2024-06-21'), shares('2024-12-20')]).toEqual([100, 200, 100])
  })

  it('have daily bars made of their minutes', () => {
    const symbol = busiest?.symbol ?? ''
    const [day] = OPTIONS.bars.daily(symbol, '2024-06-12', '2024-06-12')
    const minutes = OPTIONS.bars.minute(symbol, instantOf('2024-06-12', '00:00'), instantOf('2024-06-12', '23:59'))
    expect(minutes.length).toBeGreaterThan(2)
    expect(day?.v).toBe(minutes.reduce((sum, bar) => sum + (bar.v ?? 0), 0))
    expect([day?.o, day?.c]).toEqual([minutes[0]?.o, minutes.at(-1)?.c])
  })
})

describe('options: option bars', () => {
  it('are the same at both vendors, one with O: before the symbol', async () => {
    const on = await setup()
    const symbol = busiest?.symbol ?? ''
    const query = { symbols: symbol, timeframe: '1Min', start: '2024-06-10', end: '2024-06-13', limit: '10000' }
    const alpaca = ((await bars(on, query)).body as { bars: Record<string, { t: string; c: number; v: number }[]> })
      .bars
    const path = `/v2/aggs/ticker/O:${symbol}/range/1/minute/2024-06-10/2024-06-13`
    const { ticker, results } = (await askMassive(on, path)).body as {
      ticker: string
      results: { t: number; c: number; v: number }[]
    }
    expect(ticker).toBe(`O:${symbol}`)
    expect(results.map(({ t, c, v }) => [t, c, v])).toEqual(alpaca[symbol]?.map(({ t, c, v }) => [Date.parse(t), c, v]))
    expect(results.length).toBeGreaterThan(5)
  })

  it.each([
    ['a stock symbol', { symbols: 'AAPL' }, 400, 'invalid symbol: AAPL'],
    ['the prefix of the other vendor', { symbols: 'O:AAPL240119C00300000' }, 400, 'invalid symbol'],
    [
      'more than a hundred contracts',
      {
        symbols: Array.from({ length: 101 }, (_, i) =>
          occOf({ root: 'A', expiry: '2024-01-19', right: 'call', strike: i + 1 }),
        ).join(),
      },
      400,
      'too many symbols',
    ],
    [
      'the newest quarter of an hour',
      { symbols: 'AAPL240119C00300000', end: '2024-06-14' },
      403,
      'OPRA agreement is not signed',
    ],
  ])('refuse %s', async (_what, query, status, message) => {
    const heard = await bars(await setup(OPTIONS, { plan: 'basic' }), {
      timeframe: '1Day',
      start: '2024-06-03',
      end: '2024-06-10',
      ...query,
    })
    expect([heard.status, (heard.body as { message: string }).message]).toEqual([
      status,
      expect.stringContaining(message),
    ])
  })
})

describe('options: option contracts', () => {
  it('at Massive are those that live on the day asked about, or those that have expired', async () => {
    const on = await setup()
    const ask = async (query: string) =>
      (
        (await askMassive(on, `/v3/reference/options/contracts?limit=1000&${query}`)).body as {
          results: { expiration_date: string }[]
        }
      ).results
    const expiries = async (query: string) => [...new Set((await ask(query)).map((row) => row.expiration_date))]
    expect((await expiries('underlying_ticker=AAA')).every((day) => day >= '2024-06-14')).toBe(true)
    expect(await expiries('underlying_ticker=AAA&expired=true')).toEqual(['2024-03-15', '2024-04-19', '2024-05-17'])
    expect(await expiries('underlying_ticker=AAA&as_of=2024-03-01&expiration_date.lte=2024-04-30')).toEqual([
      '2024-03-15',
      '2024-04-19',
    ])
    expect(await ask('underlying_ticker=ZZZ')).toEqual([])
  })

  it('at Alpaca end with the coming weekend unless an expiry is asked for, and spend the trading budget', async () => {
    const on = await setup(OPTIONS, { limits: { alpaca: 2 } })
    const ask = (query: string) =>
      hear(`${on.alpaca.url}/v2/options/contracts?underlying_symbols=AAA${query}`, ALPACA_HEADERS)
    expect((await ask('')).body).toEqual({ option_contracts: [], next_page_token: null })
    const { option_contracts: rows } = (await ask('&expiration_date=2024-06-21&type=put')).body as {
      option_contracts: object[]
    }
    expect(rows[0]).toMatchObject({
      type: 'put',
      expiration_date: '2024-06-21',
      strike_price: expect.any(String),
      size: '200',
    })
    expect((await ask('')).status).toBe(429)
    expect((await bars(on, { symbols: busiest?.symbol ?? '', timeframe: '1Day', start: '2024-06-10' })).status).toBe(
      200,
    )
  })
})

describe('options: a folder of options', () => {
  it('names file and line of what is no contract', () => {
    folder = mkdtempSync(join(tmpdir(), 'lab-options-'))
    writeFileSync(
      join(folder, 'X.csv'),
      'symbol,ts_utc,open,high,low,close,volume\nTWX,2014-06-05T15:01:00Z,1,1,1,1,1\n',
    )
    expect(() => folderOptions(folder as string)).toThrow(/X\.csv:2: expected an OCC symbol/)
  })

  it.skipIf(!existsSync(REFERENCE))('serves the reference trades of 2014 by minute and by day', async () => {
    const on = await setup(folderOptions(REFERENCE))
    const symbol = 'TWX140621C00060000'
    const ask = async (timeframe: string) =>
      (
        (await bars(on, { symbols: symbol, timeframe, start: '2014-06-05', end: '2014-06-05' })).body as {
          bars: Record<string, object[]>
        }
      ).bars[symbol]
    expect((await ask('1Min'))?.slice(0, 2)).toMatchObject([
      { t: '2014-06-05T15:01:00Z', o: 11, v: 49 },
      { t: '2014-06-05T16:14:00Z', c: 11.47, v: 60 },
    ])
    expect(await ask('1Day')).toMatchObject([{ t: '2014-06-05T04:00:00Z', o: 11 }])
    const path = '/v3/reference/options/contracts?underlying_ticker=TWX&as_of=2014-06-06&limit=100'
    const { results } = (await askMassive(on, path)).body as { results: object[] }
    expect(results.length).toBeGreaterThan(20)
  })
})
