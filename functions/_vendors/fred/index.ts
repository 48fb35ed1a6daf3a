/** FRED (Federal Reserve Bank of St. Louis): Treasury yields of release H.15 with every vintage, series by series. */
import { calendarOf } from '../../_calendar/calendar.ts'
import type { DatasetName } from '../../_market/cell.ts'
import { answerBuilder } from '../answer-builder.ts'
import type { Answer, CallPlan, Connector, Get, PlanTerms, VendorError } from '../vendor.ts'
import { API_KEY, classify, isUnknownSeries, VENDOR } from './parse.ts'
import { plan } from './plan.ts'
import { askSeries } from './series.ts'
import { FredRequest } from './wire.ts'

const DATASETS: readonly DatasetName[] = ['macro_treasury']

export const fred: Connector = {
  name: VENDOR,
  datasets: DATASETS,
  secrets: [API_KEY],
  // This API knows no header form: the key is in the URL, which therefore is never shown.
  authorise: (secrets) => ({ headers: {}, query: { api_key: secrets[API_KEY] ?? '' } }),
  plan,
  ask,
  classify,
  keyCheck: { path: '/fred/series', query: { series_id: 'DGS10', file_type: 'json' } },
}

/**
 * Asks series by series. A cell is a whole curve, so none is complete before every series was answered. Its rows stand in the
 * order of the configuration and, within a series, by the day from which each value was known. A series the vendor
 * does not know is left out: it would otherwise keep every day of the group open for ever. When it knows none of them, the
 * group itself is wrong and every cell is refused.
 */
async function ask(plan: CallPlan, _terms: PlanTerms, get: Get): Promise<Answer> {
  const request = FredRequest.parse(plan.request)
  const { group, from, to } = request
  const gathering = answerBuilder(plan.wants, { symbols: new Set([group]), from, to, calendar: calendarOf('fed') })
  let unknown: VendorError | null = null
  let known = 0
  for (const series of request.series) {
    const stopped = await askSeries(request, series, gathering, get)
    if (stopped === null) known += 1
    else if (isUnknownSeries(stopped)) unknown = stopped
    else return gathering.answer(stopped)
  }
  if (known === 0 && unknown !== null) gathering.markMalformed(group, from, to, unknown)
  gathering.completeAll()
  return gathering.answer(null)
}
