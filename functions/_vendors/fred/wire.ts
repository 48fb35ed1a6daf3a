/** What FRED's observations look like on the wire: GET /fred/series/observations, output type 1, JSON. */
import { z } from 'zod'
import { DtText } from '../../_market/dt.ts'

export const PATH = '/fred/series/observations'

/** One page of one series. `count` is the number of rows in the whole window, over all pages; an observation has one for each value. */
export const ObservationsPage = z.object({
  count: z.number().int().nonnegative(),
  offset: z.number().int().nonnegative(),
  observations: z.array(z.unknown()),
})
export type ObservationsPage = z.infer<typeof ObservationsPage>

/**
 * One value of one day. Percent per year as a plain decimal text, or `.` where the source says there is none. `realtime_start` is the
 * first day on which it was known, or that of the window where it was known earlier.
 */
export const Observation = z.object({
  date: z.string(),
  realtime_start: DtText,
  value: z.string().regex(/^(-?\d+(\.\d+)?|\.)$/, { error: 'expected a decimal number as text, or "."' }),
})

export const ErrorBody = z.object({ error_message: z.string() })

/** Days on which something was known, both inclusive. */
const RealtimeWindow = z.strictObject({ start: z.string(), end: z.string() })
export type RealtimeWindow = z.infer<typeof RealtimeWindow>

/**
 * All series of a group over one span of observation days, both ends inclusive, as known in some windows, which follow one another.
 * `today` is the New York day of the plan.
 */
export const FredRequest = z.strictObject({
  group: z.string(),
  series: z.array(z.string()).min(1),
  from: z.string(),
  to: z.string(),
  windows: z.array(RealtimeWindow).min(1),
  today: z.string(),
  limit: z.number(),
})
export type FredRequest = z.infer<typeof FredRequest>

/** The query of one page of one series in one window. Without `file_type` the answer would be XML. */
export function queryOf(
  request: FredRequest,
  series: string,
  window: RealtimeWindow,
  offset: number,
): Record<string, string> {
  return {
    series_id: series,
    file_type: 'json',
    sort_order: 'asc',
    realtime_start: window.start,
    realtime_end: window.end,
    observation_start: request.from,
    observation_end: request.to,
    limit: String(request.limit),
    ...(offset === 0 ? {} : { offset: String(offset) }),
  }
}
