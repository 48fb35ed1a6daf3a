/** Answers of endpoints the node does not ask: their shapes, so that a vendor's sample of one is recognised for what it is. */
import { z } from 'zod'

const Text = z.string()
const Stamp = z.iso.datetime({ offset: true })
const Price = z.number()

/** Alpaca: GET /v2/stocks/bars/latest, one bar instead of a list; GET /v2/clock; GET /v3/calendar/{market}. */
export const LatestBars = z.object({
  bars: z.record(Text, z.object({ t: Stamp, o: Price, h: Price, l: Price, c: Price, v: z.int() })),
})
export const Clock = z.object({ timestamp: Stamp, is_open: z.boolean(), next_open: Stamp, next_close: Stamp })
export const MarketCalendar = z.object({
  market: z.object({ acronym: Text, name: Text, timezone: Text }),
  calendar: z.array(z.object({ date: z.iso.date(), core_start: Stamp, core_end: Stamp })).min(1),
})

/** Massive: market status, open-close, details of a contract and of a ticker, the list of tickers. */
export const MarketStatus = z.object({
  market: z.enum(['open', 'closed', 'extended-hours']),
  serverTime: Stamp,
  exchanges: z.object({ nyse: Text, nasdaq: Text, otc: Text }),
  currencies: z.object({ fx: Text, crypto: Text }),
})
export const UpcomingHolidays = z
  .array(
    z.object({
      exchange: Text,
      name: Text,
      date: z.iso.date(),
      status: z.enum(['closed', 'early-close']),
      open: Stamp.optional(),
      close: Stamp.optional(),
    }),
  )
  .min(1)
export const OpenClose = z.object({
  status: z.literal('OK'),
  from: z.iso.date(),
  symbol: Text,
  open: Price,
  close: Price,
})
export const ContractDetails = z.object({
  results: z.object({ ticker: Text, underlying_ticker: Text, strike_price: Price, expiration_date: z.iso.date() }),
})
export const TickerDetails = z.object({
  results: z.object({ ticker: Text, name: Text, market: Text, locale: Text, active: z.boolean(), currency_name: Text }),
})
export const Tickers = z.object({
  results: z.array(z.object({ ticker: Text, name: Text, market: Text, locale: Text, active: z.boolean() })).min(1),
})

/** FRED: a series' description, its vintage dates, and observations with a column for each vintage (output type 3). */
export const SeriesInfo = z.object({
  seriess: z
    .array(z.object({ id: Text, title: Text, units_short: z.literal('%'), frequency_short: z.literal('D') }))
    .min(1),
})
export const VintageDates = z.object({ count: z.int(), vintage_dates: z.array(z.iso.date()).min(1) })
export const VintageColumns = z.object({
  output_type: z.literal(3),
  observations: z
    .array(
      z.intersection(z.object({ date: z.iso.date() }), z.record(z.string().regex(/^(date|[A-Z0-9]+_\d{8})$/), Text)),
    )
    .min(1),
})
