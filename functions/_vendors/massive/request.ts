/** What this connector asks of Massive, as data, and the address of the first page of each question. Days are inclusive at both ends. */
import { z } from 'zod'
import type { Get } from '../vendor.ts'

const Timespan = z.enum(['day', 'minute'])

/** One ticker over a range of days. `symbol` is whose cells it fills, `ticker` how the vendor spelled it in those days. */
const RangeRequest = z.strictObject({
  kind: z.literal('range'),
  symbol: z.string(),
  ticker: z.string(),
  timespan: Timespan,
  from: z.string(),
  to: z.string(),
  /** Base aggregates a page may hold: minutes for minute bars, days for daily ones. */
  limit: z.number(),
})
export type RangeRequest = z.infer<typeof RangeRequest>

/** Every ticker of the market on one day. */
const GroupedRequest = z.strictObject({ kind: z.literal('grouped'), dt: z.string() })
export type GroupedRequest = z.infer<typeof GroupedRequest>

/** All yields of a range of days. */
const YieldsRequest = z.strictObject({
  kind: z.literal('yields'),
  group: z.string(),
  series: z.array(z.string()).min(1),
  from: z.string(),
  to: z.string(),
  /** Days a page may hold. */
  limit: z.number(),
})
export type YieldsRequest = z.infer<typeof YieldsRequest>

/** The bars of every contract on one underlier that expires within so many calendar days of a day of the window. */
const OptionsRequest = z.strictObject({
  kind: z.literal('options'),
  symbol: z.string(),
  /** The underlier as the vendor spelled it on those days. */
  ticker: z.string(),
  timespan: Timespan,
  from: z.string(),
  to: z.string(),
  expireWithinDays: z.number(),
  /** Base aggregates a page may hold. */
  limit: z.number(),
})
export type OptionsRequest = z.infer<typeof OptionsRequest>

/** Splits, dividends and new names of some symbols that take effect in a range of days. */
const ActionsRequest = z.strictObject({
  kind: z.literal('actions'),
  symbols: z.array(z.string()).min(1),
  /** Every spelling the symbols had within the range. */
  tickers: z.array(z.string()).min(1),
  from: z.string(),
  to: z.string(),
  /** Rows a page of a list may hold. */
  limit: z.number(),
  /** Pages of dividends expected. */
  pages: z.number(),
  /** Whether the names of each symbol are asked for as well. */
  tickerEvents: z.boolean(),
})
export type ActionsRequest = z.infer<typeof ActionsRequest>

export const MassiveRequest = z.discriminatedUnion('kind', [
  RangeRequest,
  GroupedRequest,
  YieldsRequest,
  OptionsRequest,
  ActionsRequest,
])
export type MassiveRequest = z.infer<typeof MassiveRequest>

export type Address = Parameters<Get>[0]

/** Bars of one ticker, a contract's among them. Without `adjusted=false` prices and volumes come split-adjusted. */
export const barsAddress = ({ ticker, timespan, from, to, limit }: Omit<RangeRequest, 'kind' | 'symbol'>): Address => ({
  path: `/v2/aggs/ticker/${encodeURIComponent(ticker)}/range/1/${timespan}/${from}/${to}`,
  query: { adjusted: 'false', sort: 'asc', limit: String(limit) },
})

export const groupedAddress = ({ dt }: GroupedRequest): Address => ({
  path: `/v2/aggs/grouped/locale/us/market/stocks/${dt}`,
  query: { adjusted: 'false' },
})

export const yieldsAddress = ({ from, to, limit }: YieldsRequest): Address => ({
  path: '/fed/v1/treasury-yields',
  query: { 'date.gte': from, 'date.lte': to, sort: 'date.asc', limit: String(limit) },
})

/** Contracts whose expiries lie in a range; those that have expired are a list of their own. */
export const contractsAddress = (ticker: string, from: string, to: string, expired: boolean): Address => ({
  path: '/v3/reference/options/contracts',
  query: {
    underlying_ticker: ticker,
    expired: String(expired),
    'expiration_date.gte': from,
    'expiration_date.lte': to,
    limit: '1000',
    sort: 'ticker',
    order: 'asc',
  },
})

/** Where a list of actions is served, and the field that dates its rows. */
export interface ActionsPath {
  path: string
  /** The path of the years before 2026, which names one ticker at a time; it stands in where the newer one is refused. */
  legacyPath: string
  dated: 'execution_date' | 'ex_dividend_date'
}

export const actionsAddress = (
  { path, dated }: ActionsPath,
  { tickers, from, to, limit }: ActionsRequest,
): Address => ({
  path,
  query: {
    'ticker.any_of': tickers.join(','),
    [`${dated}.gte`]: from,
    [`${dated}.lte`]: to,
    sort: `${dated}.asc`,
    limit: String(limit),
  },
})

export const legacyActionsAddress = (
  { legacyPath, dated }: ActionsPath,
  ticker: string,
  { from, to }: ActionsRequest,
): Address => ({
  path: legacyPath,
  query: { ticker, [`${dated}.gte`]: from, [`${dated}.lte`]: to, sort: dated, order: 'asc', limit: '1000' },
})

export const eventsAddress = (ticker: string): Address => ({
  path: `/vX/reference/tickers/${encodeURIComponent(ticker)}/events`,
  query: { types: 'ticker_change' },
})

/** The most rows a page of the list of tickers may hold. */
export const TICKERS_PER_PAGE = 1_000

/** The tickers of the stock market from one on, in ASCII order: those listed today, or those that no longer are. */
export const tickersAddress = (from: string, active: boolean): Address => ({
  path: '/v3/reference/tickers',
  query: {
    market: 'stocks',
    active: String(active),
    'ticker.gte': from,
    sort: 'ticker',
    order: 'asc',
    limit: String(TICKERS_PER_PAGE),
  },
})

export const detailsAddress = (ticker: string, date: string | null): Address => ({
  path: `/v3/reference/tickers/${encodeURIComponent(ticker)}`,
  query: date === null ? {} : { date },
})

/** The vendor answers under both names, and a cursor may carry the other one. */
const OWN_HOSTS: ReadonlySet<string> = new Set(['api.massive.com', 'api.polygon.io'])

/**
 * The request for a `next_url`. The configured host replaces any host of the vendor, so that the key goes nowhere else.
 * Any other host stays as it is: the HTTP client refuses it unless it is the configured one.
 */
export function nextAddress(nextUrl: string): Address {
  if (!URL.canParse(nextUrl)) return { path: '/', query: {}, url: nextUrl }
  const { hostname, pathname, searchParams } = new URL(nextUrl)
  if (!OWN_HOSTS.has(hostname)) return { path: pathname, query: {}, url: nextUrl }
  // Some copies of a cursor carry the key they were asked with; ours travels in a header.
  searchParams.delete('apiKey')
  return { path: pathname, query: Object.fromEntries(searchParams) }
}
