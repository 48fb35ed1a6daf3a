/** What Alpaca's stock bars look like on the wire: GET /v2/stocks/bars (docs.alpaca.markets/reference/stockbars, 2026-07). */
import { z } from 'zod'

export const PATH = '/v2/stocks/bars'

/**
 * One page. Rows are read one by one afterwards, so that a bad one does not cost its neighbours. `bars` is `{}` when there is
 * nothing; null is what the single-symbol twin may send and means the same. A missing token key is no end of the list: fatal.
 */
export const BarsPage = z.object({
  bars: z.record(z.string(), z.array(z.unknown())).nullable(),
  next_page_token: z.string().nullable(),
})
export type BarsPage = z.infer<typeof BarsPage>

/** An error body, where it is JSON at all: a wrong key is answered with nginx's HTML page. */
export const ErrorBody = z.object({ message: z.string() })

/** A rectangle of symbols by days as this connector asks for it. `start` and `end` are RFC 3339, both inclusive. */
export const AlpacaRequest = z.strictObject({
  symbols: z.array(z.string()).min(1),
  timeframe: z.enum(['1Day', '1Min']),
  from: z.string(),
  to: z.string(),
  start: z.string(),
  end: z.string(),
  adjustment: z.literal('raw'),
  feed: z.string(),
  limit: z.number(),
  sort: z.literal('asc'),
})
export type AlpacaRequest = z.infer<typeof AlpacaRequest>

/** The query of a request; `page_token` must be absent on the first page, an empty one is a 400. */
export function queryOf(request: AlpacaRequest, token: string | null): Record<string, string> {
  return {
    symbols: request.symbols.join(','),
    timeframe: request.timeframe,
    start: request.start,
    end: request.end,
    limit: String(request.limit),
    adjustment: request.adjustment,
    feed: request.feed,
    sort: request.sort,
    ...(token === null ? {} : { page_token: token }),
  }
}
