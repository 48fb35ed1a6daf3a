/** What FRED's observations look like on the wire: GET /fred/series/observations, output type 1, JSON. */
import { z } from 'zod'

export const PATH = '/fred/series/observations'

/** One page of one series. `count` is the number of observations in the whole window, over all pages. */
export const ObservationsPage = z.object({
  count: z.number().int().nonnegative(),
  offset: z.number().int().nonnegative(),
  observations: z.array(z.unknown()),
})
export type ObservationsPage = z.infer<typeof ObservationsPage>

/** Percent per year as a plain decimal text, or `.` where the source says there is none. */
export const Observation = z.object({
  date: z.string(),
  realtime_start: z.string().regex(/^\d{4}-\d{2}-\d{2}$/, { error: 'expected a day as YYYY-MM-DD' }),
  value: z.string().regex(/^(-?\d+(\.\d+)?|\.)$/, { error: 'expected a decimal number as text, or "."' }),
})

export const ErrorBody = z.object({ error_message: z.string() })

/** All series of a group over one window of observation days, both ends inclusive. */
export const FredRequest = z.strictObject({
  group: z.string(),
  series: z.array(z.string()).min(1),
  from: z.string(),
  to: z.string(),
  limit: z.number(),
})
export type FredRequest = z.infer<typeof FredRequest>

/** The query of one page of one series. Without `file_type` the answer would be XML. */
export function queryOf(request: FredRequest, series: string, offset: number): Record<string, string> {
  return {
    series_id: series,
    file_type: 'json',
    sort_order: 'asc',
    observation_start: request.from,
    observation_end: request.to,
    limit: String(request.limit),
    ...(offset === 0 ? {} : { offset: String(offset) }),
  }
}
