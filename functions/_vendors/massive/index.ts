/** Massive (Polygon.io until 2025-10-30): aggregates of US stocks, by ticker or for the whole market on a day, and Treasury yields. */
import { calendarOf } from '../../_calendar/calendar.ts'
import type { DatasetName } from '../../_market/cell.ts'
import { type Asked, type Gathering, gather } from '../gather.ts'
import { malformedRow, pagerOf } from '../pager.ts'
import { sampleOf } from '../read-json.ts'
import { refuseRunning } from '../running.ts'
import { type Answer, type CallPlan, type Connector, type Get, type PlanTerms, VendorError } from '../vendor.ts'
import { followPages } from './pages.ts'
import { API_KEY, classify, isUnknownTicker, readAggs, readGroupedRow, readRangeRow, VENDOR } from './parse.ts'
import { plan } from './plan.ts'
import { addressOf, type GroupedRequest, GroupedRow, MassiveRequest, type RangeRequest } from './wire.ts'
import { askYields } from './yields.ts'

const DATASETS: readonly DatasetName[] = ['equities_bars', 'equities_bars_minute', 'macro_treasury']

export const massive: Connector = {
  name: VENDOR,
  datasets: DATASETS,
  secrets: [API_KEY],
  // The header, not `?apiKey=`: what is not in the URL cannot be logged with it.
  authorise: (secrets) => ({ headers: { authorization: `Bearer ${secrets[API_KEY] ?? ''}` }, query: {} }),
  plan,
  ask,
  classify,
}

async function ask(plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const request = MassiveRequest.parse(plan.request)
  if (request.kind === 'yields') return askYields(request, plan, terms, get)
  const calendar = calendarOf('xnys')
  const symbols = new Set(plan.wants.map((want) => want.symbol))
  const [from, to] = request.kind === 'range' ? [request.from, request.to] : [request.dt, request.dt]
  const asked: Asked = { symbols, from, to, calendar }
  const gathering = gather(plan.wants, asked)
  refuseRunning(VENDOR, gathering, plan.wants, calendar, terms.now, 0)
  switch (request.kind) {
    case 'range':
      return gathering.answer(await askRange(request, plan.expectedCalls, asked, gathering, get))
    case 'grouped':
      return gathering.answer(await askGrouped(request, asked, gathering, get))
    default:
      return request satisfies never
  }
}

/**
 * Follows next_url to its end. The error that stopped it, or null when everything was answered. A range that begins before
 * the plan's history is answered with the allowed part and no marker: the missing start cannot be told from days without
 * bars here. Whoever knows where the history begins must judge cells near it.
 */
async function askRange(
  request: RangeRequest,
  expectedCalls: number,
  asked: Asked,
  gathering: Gathering,
  get: Get,
): Promise<VendorError | null> {
  const pager = pagerOf(VENDOR, gathering, asked)
  const { symbol } = request
  const { error, page } = await followPages(
    gathering,
    get,
    addressOf(request),
    expectedCalls,
    (answer) => readAggs(answer, symbol),
    (rows, isLast) => pager.take(new Map([[symbol, rows.map(readRangeRow)]]), isLast),
  )
  const stopped = error !== null && page === 1 && isUnknownTicker(error) ? null : error
  pager.settle(stopped)
  return stopped
}

/** One answer for the whole market. Of its 12,000 tickers only those wanted are read. */
async function askGrouped(
  request: GroupedRequest,
  asked: Asked,
  gathering: Gathering,
  get: Get,
): Promise<VendorError | null> {
  const answer = await gathering.send(get, addressOf(request))
  if (answer instanceof VendorError) return answer
  const page = readAggs(answer, null)
  if (page instanceof VendorError) return page
  const served = new Set<string>()
  let anonymous: string | null = null
  for (const row of page.rows) {
    const ticker = GroupedRow.safeParse(row)
    if (!ticker.success) anonymous ??= `T: expected a ticker, got ${sampleOf(row)}`
    if (!ticker.success || !asked.symbols.has(ticker.data.T)) continue
    const symbol = ticker.data.T
    served.add(symbol)
    const read = readGroupedRow(row, request.dt)
    if (read.bar !== null) gathering.keep(symbol, request.dt, read.bar)
    else gathering.spoil(symbol, request.dt, request.dt, malformedRow(VENDOR, symbol, request.dt, read.issue))
  }
  for (const symbol of asked.symbols) {
    // The row without a name may be this symbol's, so that it has none is not proven.
    if (anonymous === null || served.has(symbol)) continue
    gathering.spoil(symbol, request.dt, request.dt, malformedRow(VENDOR, symbol, request.dt, anonymous))
  }
  gathering.completeAll()
  return null
}
