/** Asks for one series: everything FRED knew of some days, window by window of the time in which it knew it. */
import { addDays, type Dt, minDt } from '../../_market/dt.ts'
import type { Yield } from '../../_market/row.ts'
import type { AnswerBuilder } from '../answer-builder.ts'
import { sampleOf } from '../read-json.ts'
import { type Get, VendorError } from '../vendor.ts'
import { vintagesOf } from './history.ts'
import { hasTooManyVintages, isUnknownSeries, readPage, readYield, VENDOR, type YieldRow } from './parse.ts'
import { halvesOf, MOST_HALVINGS, pagesOf } from './windows.ts'
import { type FredRequest, PATH, queryOf, type RealtimeWindow } from './wire.ts'

/** One series of a plan, and where its answer goes. */
interface Inquiry {
  request: FredRequest
  series: string
  gathering: AnswerBuilder
  get: Get
  /** Rows served so far by day of observation. */
  served: Map<Dt, Yield[]>
}

/**
 * Keeps the vintages of all days of one series. The error that stopped it, or null when every window was answered to the end; then
 * rows are in the gathering, before it none are. A window is refused as that of an unknown series when it ends before the vendor began
 * to archive vintages (2005 for the Treasury series), so only a series refused in every window is unknown.
 */
export async function askSeries(
  request: FredRequest,
  series: string,
  gathering: AnswerBuilder,
  get: Get,
): Promise<VendorError | null> {
  const inquiry: Inquiry = { request, series, gathering, get, served: new Map() }
  const open = request.windows.map((window) => ({ window, halvings: 0 }))
  let unknown: VendorError | null = null
  let isKnown = false
  for (let next = open.shift(); next !== undefined; next = open.shift()) {
    const { window, halvings } = next
    const stopped = await askWindow(inquiry, window)
    if (stopped === null) isKnown = true
    else if (isUnknownSeries(stopped)) {
      // What was known once does not become unknown: the next window would date old values anew.
      if (isKnown) return malformed(inquiry, stopped.status, `known before ${window.start}, unknown from then on`)
      unknown = stopped
    } else if (hasTooManyVintages(stopped)) {
      const halves = halvings < MOST_HALVINGS ? halvesOf(window, request.today) : null
      if (halves === null) return stopped
      open.unshift(...halves.map((half) => ({ window: half, halvings: halvings + 1 })))
    } else return stopped
  }
  if (!isKnown) return unknown
  keepVintages(inquiry)
  return null
}

/** Pages through one window by offset. The error that stopped it, or null when all its rows were served. */
async function askWindow(inquiry: Inquiry, window: RealtimeWindow): Promise<VendorError | null> {
  const { request, series, gathering, get } = inquiry
  const mostPages = 3 * pagesOf(request, window) + 5
  let offset = 0
  for (let asked = 0; asked < mostPages; asked++) {
    const answer = await gathering.send(get, { path: PATH, query: queryOf(request, series, window, offset) })
    if (answer instanceof VendorError) return answer
    const page = readPage(answer)
    if (page instanceof VendorError) return page
    const end = offset + page.observations.length
    // A page from elsewhere, or an empty one before the end, would be asked for without end.
    if (page.offset !== offset || (end === offset && end < page.count)) {
      const what = `expected observations from ${offset} of ${page.count}, got ${page.observations.length} from ${page.offset}`
      return malformed(inquiry, answer.status, what)
    }
    for (const raw of page.observations) take(inquiry, window, readYield(raw, series))
    if (end >= page.count) return null
    offset = end
  }
  return malformed(inquiry, 200, `no end after ${mostPages} pages from ${window.start} to ${window.end}`)
}

const malformed = ({ series }: Inquiry, status: number | null, what: string): VendorError =>
  new VendorError(VENDOR, 'malformed', `GET ${PATH} at ${VENDOR}: ${series}: ${what}`, { status })

/** Remembers a row, or refuses the days it may have been about. */
function take(inquiry: Inquiry, window: RealtimeWindow, read: YieldRow): void {
  const { from, to, today } = inquiry.request
  if (read.row === null) {
    markMalformed(inquiry, read.dt, `does not parse, at ${read.issue}`, read.sample)
    return
  }
  const { dt, row } = read
  // A day for the time in which the answer was on its way. A value from the far future would count as the newest for ever.
  const last = minDt(window.end, addDays(today, 1))
  const isAsked = dt >= from && dt <= to
  if (isAsked && (row.realtime_start < window.start || row.realtime_start > last)) {
    const what = `is known from ${row.realtime_start}, which is not within ${window.start} to ${last} as asked`
    markMalformed(inquiry, dt, what, sampleOf(row))
    return
  }
  const before = inquiry.served.get(dt)
  if (before === undefined) inquiry.served.set(dt, [row])
  else before.push(row)
}

function markMalformed({ request, series, gathering }: Inquiry, dt: Dt | null, what: string, sample: string): void {
  const message = `${VENDOR} served an observation of ${series} ${dt ?? 'without a date'} that ${what}`
  const error = new VendorError(VENDOR, 'malformed', message, { status: 200, sample })
  gathering.markMalformed(request.group, dt ?? request.from, dt ?? request.to, error)
}

function keepVintages({ request: { group, from, to }, gathering, served }: Inquiry): void {
  for (const [dt, rows] of served) {
    const isWanted = gathering.isWanted(group, dt)
    for (const row of vintagesOf(rows)) {
      // The vendor lists every weekday; its "." on a bond-market holiday is no news, a number on one would be.
      const isBlank = row.value === null && dt >= from && dt <= to
      if (isWanted || !isBlank) gathering.keep(group, dt, row)
    }
  }
}
