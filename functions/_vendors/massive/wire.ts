/** What Massive's answers look like on the wire (massive-com/client-js `src/openapi.json`, 2026-04). Rows are read one by one. */
import { z } from 'zod'

/** One page of `/v2/aggs/…`, range or grouped. `results` is absent when there is nothing, and was null in 2020. */
export const AggsPage = z.object({
  status: z.string(),
  ticker: z.string().optional(),
  adjusted: z.boolean().optional(),
  resultsCount: z.number(),
  results: z.array(z.unknown()).nullish(),
  next_url: z.string().nullish(),
})
export type AggsPage = z.infer<typeof AggsPage>

/** The ticker of a grouped row; everything else is read only for tickers that were asked for. */
export const GroupedRow = z.object({ T: z.string() })

/** One page of any other list: yields, contracts, splits, dividends. */
export const ListPage = z.object({
  status: z.string(),
  count: z.number().optional(),
  results: z.array(z.unknown()).nullish(),
  next_url: z.string().nullish(),
})

/** One contract of `/v3/reference/options/contracts`. What the OCC symbol says as well is read to be compared with it. */
export const ContractRow = z.object({
  ticker: z.string(),
  expiration_date: z.string(),
  strike_price: z.number(),
  contract_type: z.string(),
  underlying_ticker: z.string().optional(),
})

/** One split, of `/stocks/v1/splits` or without id and type of `/v3/reference/splits`. Fields beside these are the row's detail. */
export const SplitRow = z.looseObject({
  id: z.string().min(1).nullish(),
  ticker: z.string(),
  execution_date: z.string(),
  split_from: z.number().positive(),
  split_to: z.number().positive(),
  adjustment_type: z.string().nullish(),
})

/** One dividend, of `/stocks/v1/dividends` or, with another word for its type and without an id, of `/v3/reference/dividends`. */
export const DividendRow = z.looseObject({
  id: z.string().min(1).nullish(),
  ticker: z.string(),
  ex_dividend_date: z.string(),
  cash_amount: z.number(),
  currency: z.string().nullish(),
  declaration_date: z.string().nullish(),
  record_date: z.string().nullish(),
  pay_date: z.string().nullish(),
  distribution_type: z.string().nullish(),
  dividend_type: z.string().nullish(),
})

/** The answer of `/vX/reference/tickers/{ticker}/events`. */
export const EventsAnswer = z.object({
  status: z.string(),
  results: z.object({ events: z.array(z.unknown()).nullish() }),
})

/** One event; only the day of a change and the name it brought are read. */
export const EventRow = z.object({ type: z.string(), date: z.string() })
export const TickerChange = z.object({ ticker_change: z.object({ ticker: z.string().min(1) }) })

/** One ticker, of the list or of its details. A delisting is stated after the fact, and only where `active` is false. */
export const TickerRow = z.object({
  ticker: z.string(),
  name: z.string().nullish(),
  type: z.string().nullish(),
  primary_exchange: z.string().nullish(),
  cik: z.string().nullish(),
  composite_figi: z.string().nullish(),
  list_date: z.string().nullish(),
  delisted_utc: z.string().nullish(),
})
export type TickerRow = z.infer<typeof TickerRow>

/** The answer of `/v3/reference/tickers/{ticker}`: an object, not a list. */
export const TickerDetails = z.object({ status: z.string(), results: TickerRow })

/** The text is in `error` for status ERROR, in `message` for NOT_AUTHORIZED and NOT_FOUND. */
export const ErrorBody = z.object({
  status: z.string().optional(),
  error: z.string().optional(),
  message: z.string().optional(),
})
