/** What this connector asks of Alpaca, as data: stock bars, option bars or corporate actions, and the query each becomes. */
import { z } from 'zod'
import type { Get } from '../vendor.ts'
import { vendorTicker } from './ticker-format.ts'

export const BARS_PATH = '/v2/stocks/bars'
export const OPTION_BARS_PATH = '/v1beta1/options/bars'
export const CONTRACTS_PATH = '/v2/options/contracts'
export const ACTIONS_PATH = '/v1/corporate-actions'
export const TIMEFRAMES = { day: '1Day', minute: '1Min' } as const

const Timeframe = z.enum(['1Day', '1Min'])

/** A rectangle of canonical symbols by days. `start` and `end` are RFC 3339, both inclusive; `asof` says whose tickers they are. */
export const StocksRequest = z.strictObject({
  kind: z.literal('stocks'),
  symbols: z.array(z.string()).min(1),
  timeframe: Timeframe,
  from: z.string(),
  to: z.string(),
  start: z.string(),
  end: z.string(),
  asof: z.string(),
  adjustment: z.literal('raw'),
  feed: z.string(),
  limit: z.number(),
  sort: z.literal('asc'),
})
export type StocksRequest = z.infer<typeof StocksRequest>

/** All contracts of one underlier that expire within so many calendar days of a day of the window. `ticker` is its name on those days. */
export const OptionsRequest = z.strictObject({
  kind: z.literal('options'),
  underlier: z.string(),
  ticker: z.string(),
  timeframe: Timeframe,
  from: z.string(),
  to: z.string(),
  start: z.string(),
  end: z.string(),
  expireWithinDays: z.number(),
  contractsPerCall: z.number(),
  limit: z.number(),
  sort: z.literal('asc'),
})
export type OptionsRequest = z.infer<typeof OptionsRequest>

/** Everything that befell `symbols`, by all the tickers they ever had. `start` and `end` are days, compared with the process date. */
export const ActionsRequest = z.strictObject({
  kind: z.literal('actions'),
  symbols: z.array(z.string()).min(1),
  tickers: z.array(z.string()).min(1),
  from: z.string(),
  to: z.string(),
  start: z.string(),
  end: z.string(),
  limit: z.number(),
  sort: z.literal('asc'),
})
export type ActionsRequest = z.infer<typeof ActionsRequest>

export const AlpacaRequest = z.discriminatedUnion('kind', [StocksRequest, OptionsRequest, ActionsRequest])
export type AlpacaRequest = z.infer<typeof AlpacaRequest>

export type Address = Parameters<Get>[0]

/** `page_token` must be absent on the first page, an empty one is a 400. */
const tokenOf = (token: string | null): Record<string, string> => (token === null ? {} : { page_token: token })

/** A page of stock bars. */
export const barsAddress = (request: StocksRequest, token: string | null): Address => ({
  path: BARS_PATH,
  query: {
    symbols: request.symbols.map(vendorTicker).join(','),
    timeframe: request.timeframe,
    start: request.start,
    end: request.end,
    limit: String(request.limit),
    adjustment: request.adjustment,
    feed: request.feed,
    sort: request.sort,
    asof: request.asof,
    ...tokenOf(token),
  },
})

/** A page of option bars; the endpoint has no feed, no adjustment and no asof. */
export const optionBarsAddress = (
  request: OptionsRequest,
  contracts: readonly string[],
  token: string | null,
): Address => ({
  path: OPTION_BARS_PATH,
  query: {
    symbols: contracts.join(','),
    timeframe: request.timeframe,
    start: request.start,
    end: request.end,
    limit: String(request.limit),
    sort: request.sort,
    ...tokenOf(token),
  },
})

/** A page of corporate actions of all types. */
export const actionsAddress = (request: ActionsRequest, token: string | null): Address => ({
  path: ACTIONS_PATH,
  query: {
    symbols: request.tickers.join(','),
    start: request.start,
    end: request.end,
    limit: String(request.limit),
    sort: request.sort,
    ...tokenOf(token),
  },
})
