/** Plays what Massive knows about tickers, option contracts and Treasury yields. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt, isDt, minDt } from '../../functions/_market/dt.ts'
import type { ActionSource } from './action-source.ts'
import { hexOf, seedOf } from './chance.ts'
import { publishedAt } from './fred-vintages.ts'
import { type Listing, list, queryOf, type Row } from './massive-listing.ts'
import { refuse, requestIdOf } from './massive-query.ts'
import { newYorkDt } from './new-york.ts'
import type { OptionSource } from './option-source.ts'
import { json, type Question, Refusal, type Reply } from './reply.ts'
import type { BarSource, YieldSource } from './source.ts'

const TICKERS: Listing = {
  filters: { ticker: 'range', type: 'equal', market: 'equal', exchange: 'equal', active: 'equal', cik: 'equal' },
  limit: { otherwise: 100, most: 1_000 },
  sorting: { style: 'order', otherwise: 'ticker.asc' },
  counts: true,
}
const CONTRACTS: Listing = {
  filters: {
    underlying_ticker: 'range',
    ticker: 'equal',
    contract_type: 'equal',
    expiration_date: 'range',
    strike_price: 'range',
  },
  limit: { otherwise: 10, most: 1_000 },
  sorting: { style: 'order', otherwise: 'ticker.asc' },
}
const YIELDS: Listing = {
  filters: { date: 'range and any_of' },
  limit: { otherwise: 100, most: 50_000 },
  sorting: { style: 'columns', otherwise: 'date.asc' },
  counts: true,
}
/** FRED's series under the names of Massive's columns. */
const TENORS: Record<string, string> = {
  DGS1MO: 'yield_1_month',
  DGS3MO: 'yield_3_month',
  DGS6MO: 'yield_6_month',
  DGS1: 'yield_1_year',
  DGS2: 'yield_2_year',
  DGS3: 'yield_3_year',
  DGS5: 'yield_5_year',
  DGS7: 'yield_7_year',
  DGS10: 'yield_10_year',
  DGS20: 'yield_20_year',
  DGS30: 'yield_30_year',
}

const notFound = (question: Question): Refusal =>
  new Refusal(json(404, { status: 'NOT_FOUND', request_id: requestIdOf(question), message: 'Ticker not found.' }))

const dayOf = (question: Question, name: string, otherwise: Dt): Dt => {
  const text = queryOf(question).get(name) ?? otherwise
  if (!isDt(text)) throw refuse(question, 400, `Could not parse the time parameter: '${name}'. Use YYYY-MM-DD`)
  return text
}

/** The faults the vendor's list is known for: rows that are missing, wrong, or of an earlier company with the same ticker. */
export interface ListFaults {
  /** Tickers that neither list nor details have. */
  missing?: readonly string[]
  /** Fields that differ from the truth, by ticker. */
  wrong?: Readonly<Record<string, Row>>
  /** More rows of the list of delisted tickers, each with its `ticker` and `delisted_utc`. */
  earlierCompanies?: readonly Row[]
}

export interface TickerPaths {
  list(question: Question): Reply
  details(question: Question, ticker: string): Reply
  events(question: Question, ticker: string): Reply
}

/** What a ticker is known by: its first and last daily bar, and the names it went by. */
export function tickerPaths(source: BarSource, actions: ActionSource, faults: ListFaults = {}): TickerPaths {
  const ranges = new Map<string, [first: Dt, last: Dt] | undefined>()
  const lifeOf = (symbol: string): [first: Dt, last: Dt] | undefined => {
    if (!ranges.has(symbol)) {
      const { first, last } = calendarOf('xnys')
      const bars = source.daily(symbol, first, last)
      const [head, tail] = [bars[0], bars.at(-1)]
      ranges.set(symbol, head && tail ? [head.dt, tail.dt] : undefined)
    }
    return ranges.get(symbol)
  }
  const rowOf = (symbol: string, dt: Dt): Row | undefined => {
    const symbolRange = lifeOf(symbol)
    if (!symbolRange || symbolRange[0] > dt || faults.missing?.includes(symbol)) return undefined
    const own = seedOf(0, 'figi', symbol)
    return {
      ticker: symbol,
      name: `${symbol} Laboratories Inc.`,
      market: 'stocks',
      locale: 'us',
      primary_exchange: own % 2 === 0 ? 'XNYS' : 'XNAS',
      type: 'CS',
      active: symbolRange[1] >= addDays(dt, -10),
      currency_name: 'usd',
      cik: String(own % 10_000_000).padStart(10, '0'),
      composite_figi: `BBG${hexOf(own).slice(0, 9).toUpperCase()}`,
      list_date: symbolRange[0],
      ...(symbolRange[1] >= addDays(dt, -10) ? {} : { delisted_utc: `${addDays(symbolRange[1], 1)}T04:00:00Z` }),
      ...faults.wrong?.[symbol],
    }
  }
  return {
    list(question) {
      const dt = dayOf(question, 'date', newYorkDt(question.now))
      const active = queryOf(question).get('active') ?? 'true'
      const rows: Row[] = source.symbols().flatMap((symbol) => {
        const row = rowOf(symbol, dt)
        return row ? [row] : []
      })
      const earlier = (faults.earlierCompanies ?? []).map((row) => ({ market: 'stocks', active: false, ...row }))
      const wanted = [...rows, ...earlier].filter((row) => String(row.active) === active)
      return list(question, TICKERS, wanted)
    },
    details(question, ticker) {
      const row = rowOf(ticker, dayOf(question, 'date', newYorkDt(question.now)))
      // A ticker that was given up is only found on a day it was in use.
      if (!row?.active) throw notFound(question)
      return { ...json(200, { results: row, status: 'OK', request_id: requestIdOf(question) }), rows: 1 }
    },
    events(question, ticker) {
      const dt = newYorkDt(question.now)
      const row = rowOf(ticker, dt)
      if (!row) throw notFound(question)
      const renamed = actions
        .actions()
        .find((action) => action.kind === 'name-change' && action.symbol === ticker && action.exDt <= dt)
      // The days of these events are approximate: a recorded one lies on a Saturday, two days behind the first trade.
      const change = (name: string, date: Dt): Row => ({ ticker_change: { ticker: name }, type: 'ticker_change', date })
      const events =
        renamed?.kind === 'name-change'
          ? [change(ticker, addDays(renamed.exDt, 2)), change(renamed.oldSymbol, addDays(renamed.exDt, -1_500))]
          : [change(ticker, String(row.list_date))]
      const { name, composite_figi, cik } = row
      const results = { name, composite_figi, cik, events }
      return { ...json(200, { results, status: 'OK', request_id: requestIdOf(question) }), rows: events.length }
    },
  }
}

/** Contracts that are listed; those that have expired only when asked for, or as of a day on which they had not. */
export function contractsList(source: OptionSource, question: Question): Reply {
  const query = queryOf(question)
  const asOf = query.get('as_of') ?? newYorkDt(question.now)
  if (!isDt(asOf)) throw refuse(question, 400, `Could not parse the time parameter: 'as_of'. Use YYYY-MM-DD`)
  const dt = minDt(asOf, newYorkDt(question.now))
  const expired = query.get('expired') === 'true'
  const one = query.get('underlying_ticker')
  const rows = (one === null ? source.underliers() : [one])
    .flatMap((underlier) => source.contracts(underlier))
    .filter((contract) => contract.listedDt <= dt && contract.expiry < dt === expired)
    .map((contract) => ({
      cfi: `O${contract.right === 'call' ? 'C' : 'P'}ASPS`,
      contract_type: contract.right,
      exercise_style: 'american',
      expiration_date: contract.expiry,
      primary_exchange: 'BATO',
      shares_per_contract: contract.shares,
      strike_price: contract.strike,
      ticker: `O:${contract.symbol}`,
      underlying_ticker: contract.underlier,
    }))
  return list(question, CONTRACTS, rows)
}

/** One row a day with a key for each tenor that has a value; days without any are left out. */
export function yieldsList(source: YieldSource, plan: 'basic' | 'open', question: Question): Reply {
  const today = newYorkDt(question.now)
  // Whatever is two weeks old is published; asking the calendar about decades of days is slow.
  const settled = addDays(today, -14)
  const query = queryOf(question)
  const least = query.get('date.gte') ?? query.get('date.gt') ?? query.get('date') ?? '1900-01-01'
  const days = new Map<Dt, Row>()
  for (const [id, column] of Object.entries(TENORS)) {
    for (const { date, value } of source.observations(id, least, today)) {
      if (value === '.' || (date > settled && publishedAt(date, plan) > question.now)) continue
      const row = days.get(date) ?? { date }
      row[column] = Number(value)
      days.set(date, row)
    }
  }
  return list(question, YIELDS, [...days.values()])
}
