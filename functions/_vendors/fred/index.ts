/** FRED (Federal Reserve Bank of St. Louis): Treasury yields of release H.15, one series a request. */
import { calendarOf } from '../../_calendar/calendar.ts'
import type { DatasetName } from '../../_market/cell.ts'
import { type Gathering, gather } from '../gather.ts'
import { type Answer, type CallPlan, type Connector, type Get, type PlanTerms, VendorError } from '../vendor.ts'
import { API_KEY, classify, isUnknownSeries, readPage, readYield, VENDOR, type YieldRow } from './parse.ts'
import { plan } from './plan.ts'
import { FredRequest, PATH, queryOf } from './wire.ts'

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
}

/**
 * Asks series by series. A cell is a whole curve, so none is complete before every series was answered. A series the vendor
 * does not know is left out: it would otherwise keep every day of the group open for ever. When it knows none of them, the
 * group itself is wrong and every cell is refused.
 */
async function ask(plan: CallPlan, _terms: PlanTerms, get: Get): Promise<Answer> {
  const request = FredRequest.parse(plan.request)
  const { group, from, to } = request
  const gathering = gather(plan.wants, { symbols: new Set([group]), from, to, calendar: calendarOf('fed') })
  let unknown: VendorError | null = null
  let known = 0
  for (const series of request.series) {
    const stopped = await askSeries(request, series, gathering, get)
    if (stopped === null) known += 1
    else if (isUnknownSeries(stopped)) unknown = stopped
    else return gathering.answer(stopped)
  }
  if (known === 0 && unknown !== null) gathering.spoil(group, from, to, unknown)
  gathering.completeAll()
  return gathering.answer(null)
}

/** Pages through one series by offset. The error that stopped it, or null when all its observations were served. */
async function askSeries(
  request: FredRequest,
  series: string,
  gathering: Gathering,
  get: Get,
): Promise<VendorError | null> {
  let offset = 0
  for (;;) {
    const answer = await gathering.send(get, { path: PATH, query: queryOf(request, series, offset) })
    if (answer instanceof VendorError) return answer
    const page = readPage(answer)
    if (page instanceof VendorError) return page
    const end = offset + page.observations.length
    // A page from elsewhere, or an empty one before the end, would be asked for without end.
    if (page.offset !== offset || (end === offset && end < page.count)) {
      const what = `${series}: expected observations from ${offset} of ${page.count}, got ${page.observations.length} from ${page.offset}`
      return new VendorError(VENDOR, 'malformed', `GET ${PATH} at ${VENDOR}: ${what}`, { status: answer.status })
    }
    for (const raw of page.observations) add(gathering, request, series, readYield(raw, series))
    if (end >= page.count) return null
    offset = end
  }
}

function add(gathering: Gathering, { group, from, to }: FredRequest, series: string, read: YieldRow): void {
  if (read.row !== null) {
    // The vendor lists every weekday; its "." on a bond-market holiday is no news, a number on one would be.
    const isBlank = read.row.value === null && read.dt >= from && read.dt <= to
    if (!isBlank || gathering.isWanted(group, read.dt)) gathering.keep(group, read.dt, read.row)
    return
  }
  const message = `${VENDOR} served an observation of ${series} ${read.dt ?? 'without a date'} that does not parse, at ${read.issue}`
  const error = new VendorError(VENDOR, 'malformed', message, { status: 200, sample: read.sample })
  gathering.spoil(group, read.dt ?? from, read.dt ?? to, error)
}
