/** Treasury yields at Massive: one row a day with a field per tenor, under the names of FRED's constant-maturity series. */
import { z } from 'zod'
import { calendarOf } from '../../_calendar/calendar.ts'
import { newYorkDt } from '../../_calendar/zone.ts'
import { type Dt, isDt, maxDt } from '../../_market/dt.ts'
import type { Yield } from '../../_market/row.ts'
import { type AnswerBuilder, answerBuilder } from '../answer-builder.ts'
import { firstIssue, sampleOf } from '../read-json.ts'
import { type Answer, type CallPlan, type Get, type PlanTerms, VendorError } from '../vendor.ts'
import { followPages } from './pages.ts'
import { readListPage, VENDOR } from './parse.ts'
import { type YieldsRequest, yieldsAddress } from './request.ts'

/** Field of each series. The values are FRED's (the first row, 1962-01-02, agrees with its DGS series). */
const TENORS: ReadonlyMap<string, string> = new Map([
  ['DGS1MO', 'yield_1_month'],
  ['DGS3MO', 'yield_3_month'],
  ['DGS6MO', 'yield_6_month'],
  ['DGS1', 'yield_1_year'],
  ['DGS2', 'yield_2_year'],
  ['DGS3', 'yield_3_year'],
  ['DGS5', 'yield_5_year'],
  ['DGS7', 'yield_7_year'],
  ['DGS10', 'yield_10_year'],
  ['DGS20', 'yield_20_year'],
  ['DGS30', 'yield_30_year'],
])

/** Percent per year. A tenor without a value is left out of the row, which says no more than that it is not there. */
const YieldFields = z.object(Object.fromEntries([...TENORS.values()].map((field) => [field, z.number().nullish()])))
const Dated = z.object({ date: z.string() })

/** `dt` is null when the date of the row could not be read, `curve` when anything could not; then `issue` says what. */
type CurveRow = { dt: Dt; curve: Yield[] } | { dt: Dt | null; curve: null; issue: string }

/** One row of one day as the yields of these series, in their order, as known from `realtimeStart` on. */
export function readCurve(row: unknown, series: readonly string[], realtimeStart: Dt): CurveRow {
  const dated = Dated.safeParse(row)
  if (!dated.success || !isDt(dated.data.date)) {
    return { dt: null, curve: null, issue: dated.success ? 'date: expected YYYY-MM-DD' : firstIssue(dated.error) }
  }
  const dt = dated.data.date
  const fields = YieldFields.safeParse(row)
  if (!fields.success) return { dt, curve: null, issue: firstIssue(fields.error) }
  const curve = series.flatMap((id): Yield[] => {
    const value = fields.data[TENORS.get(id) ?? '']
    return value == null ? [] : [{ series: id, value, realtime_start: realtimeStart }]
  })
  return { dt, curve }
}

/**
 * Asks for all days of a window at once. A cell is one row, so that paging that stops early leaves the days before the last row
 * complete. This vendor tells no vintages: a value counts as known from the New York day on which it was asked. A series it has
 * no field for is left out; when it has one for none, the group itself is wrong and every cell is refused without a call.
 */
export async function askYields(request: YieldsRequest, plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const { group, from, to } = request
  const gathering = answerBuilder(plan.wants, { symbols: new Set([group]), from, to, calendar: calendarOf('fed') })
  const series = request.series.filter((id) => TENORS.has(id))
  if (series.length === 0) {
    const what = `${VENDOR} has none of the series of ${group}: ${request.series.join(', ')}`
    gathering.markMalformed(group, from, to, new VendorError(VENDOR, 'not_entitled', what))
    return gathering.answer(null)
  }
  const today = newYorkDt(terms.now)
  const reader = curveReader(request, gathering)
  const { error } = await followPages(
    gathering,
    get,
    yieldsAddress(request),
    plan.expectedCalls,
    readListPage,
    (rows) => {
      for (const row of rows) reader.take(readCurve(row, series, today), row)
    },
  )
  const reached = reader.reached()
  if (error === null) gathering.completeAll()
  else if (reached !== null) gathering.complete(group, reached)
  return gathering.answer(error)
}

interface CurveReader {
  take(read: CurveRow, raw: unknown): void
  /** The latest day served inside the window. Null before the first, and once days came out of order: then nothing short of the end is proof. */
  reached(): Dt | null
}

function curveReader({ group, from, to }: YieldsRequest, gathering: AnswerBuilder): CurveReader {
  let reached: Dt | null = null
  let isOrdered = true
  return {
    take(read, raw) {
      if (read.curve === null) {
        // A row without a date may be that of any day.
        const message = `${VENDOR} served yields of ${read.dt ?? 'no date'} that do not parse, at ${read.issue}`
        const error = new VendorError(VENDOR, 'malformed', message, { status: 200, sample: sampleOf(raw) })
        gathering.markMalformed(group, read.dt ?? from, read.dt ?? to, error)
      } else {
        for (const row of read.curve) gathering.keep(group, read.dt, row)
      }
      if (read.dt === null || read.dt < from || read.dt > to) return
      if (reached !== null && read.dt < reached) isOrdered = false
      reached = maxDt(reached ?? read.dt, read.dt)
    },
    reached: () => (isOrdered ? reached : null),
  }
}
