/** Our connectors and the vendors' own clients ask the same lab, page by page, and find the same rows. */
import { TimeFrame } from '@alpacahq/alpaca-trade-api'
import { afterEach, describe, expect, it } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { cellKey, type DatasetName } from '../../functions/_market/cell.ts'
import type { Action, Bar, OptionBar, Row } from '../../functions/_market/row.ts'
import { alpaca } from '../../functions/_vendors/alpaca/index.ts'
import { makeGet } from '../../functions/_vendors/http.ts'
import { massive } from '../../functions/_vendors/massive/index.ts'
import { isCollected, occParts } from '../../functions/_vendors/occ.ts'
import type { Connector, PlanTerms } from '../../functions/_vendors/vendor.ts'
import { termsOf, want } from '../_vendors/contract.ts'
import { allow } from '../_vendors/scripted-vendor.ts'
import { alpacaClient, massiveClient, NOW, openLab } from '../lab/clients.ts'
import { LAB_KEYS, type Lab } from '../lab/lab.ts'

const SECRETS: Record<string, string> = {
  APCA_API_KEY_ID: LAB_KEYS.alpaca.id,
  APCA_API_SECRET_KEY: LAB_KEYS.alpaca.secret,
  MASSIVE_API_KEY: LAB_KEYS.massive,
}
const xnys = calendarOf('xnys')
type Wire = Record<string, unknown>

let lab: Lab
afterEach(() => lab.close())

/** All rows of symbols by sessions as a connector collects them: plan after plan until every cell is answered. */
async function collected<R extends Row>(
  connector: Connector,
  dataset: DatasetName,
  symbols: readonly string[],
  dts: readonly string[],
  shape: Partial<PlanTerms['shape']> = {},
): Promise<Map<string, R[]>> {
  const url = connector === alpaca ? lab.alpaca.url : lab.massive.url
  const get = makeGet({ connector, baseUrl: url, secrets: SECRETS, acquire: allow, now: () => NOW })
  const terms = termsOf(dataset, NOW, shape)
  const rows = new Map<string, R[]>()
  let open = dts.flatMap((dt) => symbols.map((symbol) => want(symbol, dt)))
  while (open.length > 0) {
    const [head, ...others] = open
    const plan = connector.plan(head!, others, terms)
    const answer = await connector.ask(plan, terms, get)
    expect(answer.interruption).toBeNull()
    expect([...answer.faults]).toEqual([])
    expect(answer.unrequested).toEqual([])
    for (const { symbol } of plan.wants) rows.set(symbol, rows.get(symbol) ?? [])
    for (const { symbol, dt } of plan.wants)
      rows.get(symbol)?.push(...((answer.rows.get(cellKey(symbol, dt)) ?? []) as R[]))
    const answered = new Set(plan.wants.map(({ symbol, dt }) => cellKey(symbol, dt)))
    open = open.filter(({ symbol, dt }) => !answered.has(cellKey(symbol, dt)))
  }
  return rows
}

const ofBar = ({ ts, open, high, low, close, volume, vwap, trades }: Bar): Wire => ({
  t: ts,
  o: open,
  h: high,
  l: low,
  c: close,
  v: volume,
  vw: vwap,
  n: trades,
})
const ofOption = (bar: OptionBar): string => JSON.stringify({ contract: bar.contract, ...ofBar(bar) })
/** Massive's client hands bodies on as they came; key order is ours. */
const ofWire = ({ o, h, l, c, v, vw = null, n = null }: Wire, t: unknown): Wire => ({ t, o, h, l, c, v, vw, n })
const rowsOf = (answer: unknown): Wire[] => (answer as { results?: Wire[] }).results ?? []
const from = (dt: string): Date => new Date(`${dt}T00:00:00Z`)

describe("official clients: our connector finds what Alpaca's client finds", () => {
  type ClientBar = Awaited<ReturnType<ReturnType<typeof alpacaClient>['marketData']['getStockBars']>>[string][number]
  const ofClient = ({ timestamp, open, high, low, close, volume, vwap, tradeCount }: ClientBar): Wire => ({
    t: timestamp.getTime(),
    o: open,
    h: high,
    l: low,
    c: close,
    v: volume,
    vw: vwap ?? null,
    n: tradeCount ?? null,
  })

  it('of stock bars, several symbols over many pages, days and minutes', async () => {
    lab = await openLab()
    const symbols = ['EEE', 'AAA', 'BRK.B', 'DDD']
    const days = { start: from('2024-01-02'), end: from('2024-06-01') }
    const daily = await alpacaClient(lab).marketData.getStockBars({
      symbols,
      timeframe: TimeFrame.Day,
      limit: 50,
      ...days,
    })
    const ours = await collected<Bar>(alpaca, 'equities_bars', symbols, xnys.sessions('2024-01-02', '2024-05-31'), {
      rowsPerPage: 50,
    })
    for (const symbol of symbols) expect(ours.get(symbol)?.map(ofBar), symbol).toEqual(daily[symbol]?.map(ofClient))

    // The Friday before and the Monday after the change to daylight saving time.
    const night = { start: new Date(instantOf('2024-03-08', '00:00')), end: new Date(instantOf('2024-03-11', '23:59')) }
    const query = { symbols, timeframe: TimeFrame.Minute, limit: 333, ...night }
    const minutes = await alpacaClient(lab).marketData.getStockBars(query)
    const oursByMinute = await collected<Bar>(alpaca, 'equities_bars_minute', symbols, ['2024-03-08', '2024-03-11'], {
      rowsPerPage: 333,
    })
    for (const symbol of symbols)
      expect(oursByMinute.get(symbol)?.map(ofBar), symbol).toEqual((minutes[symbol] ?? []).map(ofClient))
    expect(oursByMinute.get('AAA')?.length).toBeGreaterThan(700)
  })

  it('of options: contracts and their bars', async () => {
    lab = await openLab()
    const client = alpacaClient(lab)
    const dts = xnys.sessions('2024-06-03', '2024-06-13')
    const contracts = await client.trading.collectOptionsContracts({
      underlyingSymbols: 'AAA',
      expirationDateGte: from('2024-06-03'),
      limit: 17,
    })
    const range = { timeframe: TimeFrame.Day, limit: 40, start: from('2024-06-03'), end: from('2024-06-14') }
    const names = contracts.map(({ symbol }) => symbol)
    const theirs: string[] = []
    for (let at = 0; at < names.length; at += 100) {
      const symbols = names.slice(at, at + 100)
      for (const [contract, bars] of Object.entries(await client.marketData.getOptionBars({ symbols, ...range }))) {
        const { expiration } = occParts(contract)!
        for (const bar of bars) {
          const dt = bar.timestamp.toISOString().slice(0, 10)
          if (isCollected(expiration, dt, 60)) theirs.push(JSON.stringify({ contract, ...ofClient(bar as ClientBar) }))
        }
      }
    }
    const ours = await collected<OptionBar>(alpaca, 'options_bars', ['AAA'], dts, {
      rowsPerPage: 40,
      symbolsPerCall: 100,
    })
    expect(theirs.length).toBeGreaterThan(150)
    expect(ours.get('AAA')?.map(ofOption).sort()).toEqual(theirs.sort())
  })

  it('of corporate actions, all kinds over many pages', async () => {
    lab = await openLab()
    const symbols = ['AAA', 'BBB', 'BRK.B', 'CCC', 'DDD', 'EEE']
    const window = { start: from('2020-01-01'), end: from('2024-12-31') }
    const found = await alpacaClient(lab).marketData.collectCorporateActions({ ...window, limit: 3 })
    const day = (date: Date | string | undefined): string | null =>
      date === undefined ? null : new Date(date).toISOString().slice(0, 10)
    const text = (...parts: unknown[]): string => JSON.stringify(parts)
    const theirs = [
      ...(found.forwardSplits ?? []).map((row) =>
        text('split', row.symbol, row.id, day(row.exDate), row.oldRate, row.newRate, null),
      ),
      ...(found.reverseSplits ?? []).map((row) =>
        text('split', row.symbol, row.id, day(row.exDate), row.oldRate, row.newRate, null),
      ),
      ...(found.cashDividends ?? []).map((row) =>
        text('cash_dividend', row.symbol, row.id, day(row.exDate), null, null, row.rate),
      ),
      ...(found.nameChanges ?? []).map((row) =>
        text('name_change', row.newSymbol, row.id, day(row.processDate), null, null, null),
      ),
    ]
    const ours = await collected<Action>(
      alpaca,
      'corporate_actions',
      symbols,
      xnys.sessions('2020-01-02', '2024-06-13'),
      { rowsPerPage: 3, pagesPerPlan: 50 },
    )
    const written = [...ours].flatMap(([symbol, rows]) =>
      rows.map((row) => text(row.kind, symbol, row.id, row.effective_date, row.old_shares, row.new_shares, row.cash)),
    )
    const within = theirs.filter((row) => {
      const effective = JSON.parse(row)[3] as string
      return effective >= '2020-01-02' && effective <= '2024-06-13'
    })
    expect(within.length).toBeGreaterThan(10)
    expect(written.sort()).toEqual(within.sort())
  })
})

describe("official clients: our connector finds what Massive's client finds", () => {
  it('of the whole market on one day', async () => {
    lab = await openLab()
    const query = { date: '2024-06-13', adjusted: 'false' }
    const market = rowsOf(await massiveClient(lab).getGroupedStocksAggregates(query as never))
    const symbols = market.map(({ T }) => String(T))
    const ours = await collected<Bar>(massive, 'equities_bars', symbols, ['2024-06-13'])
    expect(symbols.length).toBe(5)
    // Grouped rows carry the end of the day; ours the start that daily bars of all vendors carry.
    for (const row of market)
      expect(ours.get(String(row.T))?.map(ofBar)).toEqual([ofWire(row, instantOf('2024-06-13', '00:00'))])
  })

  it('of one stock over many pages', async () => {
    lab = await openLab()
    const range = { multiplier: 1, timespan: 'day', from: '2024-01-02', to: '2024-06-13', adjusted: 'false' } as const
    const answer = await massiveClient(lab).getStocksAggregates({ stocksTicker: 'BRK.B', ...range, limit: 25 } as never)
    const theirs = rowsOf(answer).map((row) => ofWire(row, row.t))
    theirs.sort((a, b) => Number(a.t) - Number(b.t))
    const dts = xnys.sessions('2024-01-02', '2024-06-13')
    const ours = await collected<Bar>(massive, 'equities_bars', ['BRK.B'], dts, { rowsPerPage: 25, pagesPerPlan: 9 })
    expect(ours.get('BRK.B')?.map(ofBar)).toEqual(theirs)
  })

  it('of options: contracts and their bars', async () => {
    lab = await openLab()
    const client = massiveClient(lab)
    const dts = ['2024-06-12', '2024-06-13']
    const listed = rowsOf(await client.listOptionsContracts({ underlyingTicker: 'EEE', limit: 30 }))
    const theirs: string[] = []
    for (const { ticker } of listed) {
      const contract = String(ticker).slice(2)
      const range = { multiplier: 1, timespan: 'day', from: dts[0], to: dts[1], adjusted: 'false' } as const
      const bars = rowsOf(await client.getOptionsAggregates({ optionsTicker: ticker, ...range, limit: 50 } as never))
      const { expiration } = occParts(contract)!
      for (const bar of bars) {
        const dt = new Date(Number(bar.t)).toISOString().slice(0, 10)
        if (isCollected(expiration, dt, 60)) theirs.push(JSON.stringify({ contract, ...ofWire(bar, bar.t) }))
      }
    }
    const ours = await collected<OptionBar>(massive, 'options_bars', ['EEE'], dts)
    expect(theirs.length).toBeGreaterThan(20)
    expect(ours.get('EEE')?.map(ofOption).sort()).toEqual(theirs.sort())
  })

  it('of splits and dividends', async () => {
    lab = await openLab()
    const client = massiveClient(lab)
    const splits = rowsOf(await client.getStocksV1Splits({ limit: 1 }))
    const dividends = rowsOf(await client.getStocksV1Dividends({ limit: 20, sort: 'ex_dividend_date.asc' }))
    const symbols = ['AAA', 'BBB', 'BRK.B', 'CCC', 'DDD', 'EEE']
    const dts = xnys.sessions('2020-01-02', '2024-06-13')
    const ours = await collected<Action>(massive, 'corporate_actions', symbols, dts)
    const text = (...parts: unknown[]): string => JSON.stringify(parts)
    const theirs = [
      ...splits.map((row) => text('split', row.ticker, row.id, row.execution_date, row.split_from, row.split_to, null)),
      ...dividends.map((row) =>
        text('cash_dividend', row.ticker, row.id, row.ex_dividend_date, null, null, row.cash_amount),
      ),
    ].filter((row) => {
      const effective = JSON.parse(row)[3] as string
      return effective >= '2020-01-02' && effective <= '2024-06-13'
    })
    const written = [...ours].flatMap(([symbol, rows]) =>
      rows
        .filter(({ kind }) => kind !== 'name_change')
        .map((row) => text(row.kind, symbol, row.id, row.effective_date, row.old_shares, row.new_shares, row.cash)),
    )
    expect(theirs.length).toBeGreaterThan(10)
    expect(written.sort()).toEqual(theirs.sort())
  })
})
