/** What Massive's aggregates and Treasury yields look like on the wire (massive-com/client-js `src/openapi.json`, 2026-04). */
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

/** One page of `/fed/v1/treasury-yields`, a row a day. */
export const YieldsPage = z.object({
  status: z.string(),
  count: z.number().optional(),
  results: z.array(z.unknown()).nullish(),
  next_url: z.string().nullish(),
})

/** The text is in `error` for status ERROR, in `message` for NOT_AUTHORIZED and NOT_FOUND. */
export const ErrorBody = z.object({
  status: z.string().optional(),
  error: z.string().optional(),
  message: z.string().optional(),
})

/** One ticker over a range of days, every ticker of the market on one day, or all yields of a range of days. Days are inclusive. */
export const MassiveRequest = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('range'),
    symbol: z.string(),
    timespan: z.enum(['day', 'minute']),
    from: z.string(),
    to: z.string(),
    /** Base aggregates a page may hold: minutes for minute bars, days for daily ones. */
    limit: z.number(),
  }),
  z.strictObject({ kind: z.literal('grouped'), dt: z.string() }),
  z.strictObject({
    kind: z.literal('yields'),
    group: z.string(),
    series: z.array(z.string()).min(1),
    from: z.string(),
    to: z.string(),
    /** Days a page may hold. */
    limit: z.number(),
  }),
])
export type MassiveRequest = z.infer<typeof MassiveRequest>
export type RangeRequest = Extract<MassiveRequest, { kind: 'range' }>
export type GroupedRequest = Extract<MassiveRequest, { kind: 'grouped' }>
export type YieldsRequest = Extract<MassiveRequest, { kind: 'yields' }>

/** Path and query of the first page. Without `adjusted=false` prices and volumes come split-adjusted; yields know no such thing. */
export function addressOf(request: MassiveRequest): { path: string; query: Record<string, string> } {
  switch (request.kind) {
    case 'range':
      return {
        path: `/v2/aggs/ticker/${encodeURIComponent(request.symbol)}/range/1/${request.timespan}/${request.from}/${request.to}`,
        query: { adjusted: 'false', sort: 'asc', limit: String(request.limit) },
      }
    case 'grouped':
      return { path: `/v2/aggs/grouped/locale/us/market/stocks/${request.dt}`, query: { adjusted: 'false' } }
    case 'yields':
      return {
        path: '/fed/v1/treasury-yields',
        query: { 'date.gte': request.from, 'date.lte': request.to, sort: 'date.asc', limit: String(request.limit) },
      }
    default:
      return request satisfies never
  }
}

/** The vendor answers under both names, and a cursor may carry the other one. */
const OWN_HOSTS: ReadonlySet<string> = new Set(['api.massive.com', 'api.polygon.io'])

/**
 * The request for a `next_url`. One of the vendor's own hosts is replaced by the configured one, so that the key goes
 * nowhere else; any other host is handed on as it is and refused at the door unless it is the configured one.
 */
export function nextAddress(nextUrl: string): { path: string; query: Record<string, string>; url?: string } {
  if (!URL.canParse(nextUrl)) return { path: '/', query: {}, url: nextUrl }
  const { hostname, pathname, searchParams } = new URL(nextUrl)
  if (!OWN_HOSTS.has(hostname)) return { path: pathname, query: {}, url: nextUrl }
  // Some copies of a cursor carry the key they were asked with; ours travels in a header.
  searchParams.delete('apiKey')
  return { path: pathname, query: Object.fromEntries(searchParams) }
}
