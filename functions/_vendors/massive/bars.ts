/** Stock bars of Massive: one ticker over a range of days, or the whole market on one day. */
import { calendarOf } from '../../_calendar/calendar.ts'
import { type AnswerBuilder, type Asked, answerBuilder } from '../answer-builder.ts'
import { tickerOn } from '../names.ts'
import { malformedRow, pagerOf } from '../pager.ts'
import { sampleOf } from '../read-json.ts'
import { rejectOpenSession } from '../reject-open-session.ts'
import { type Answer, type CallPlan, type Get, type PlanTerms, VendorError } from '../vendor.ts'
import { followPages } from './pages.ts'
import { isUnknownTicker, readAggs, readGroupedRow, readRangeRow, VENDOR } from './parse.ts'
import { barsAddress, type GroupedRequest, groupedAddress, type RangeRequest } from './request.ts'
import { vendorTicker } from './ticker-format.ts'
import { GroupedRow } from './wire.ts'

/**
 * Follows next_url to its end. A range that begins before the plan's history is answered with the allowed part and no marker: the
 * missing start cannot be told from days without bars here. Whoever knows where the history begins must judge cells near it.
 */
export async function askRange(request: RangeRequest, plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const { symbol, ticker, from, to } = request
  const { asked, gathering } = openAnswer(plan, terms, from, to)
  const pager = pagerOf(VENDOR, gathering, asked)
  const { error, page } = await followPages(
    gathering,
    get,
    barsAddress(request),
    plan.expectedCalls,
    (answer) => readAggs(answer, ticker),
    (rows, isLast) => pager.take(new Map([[symbol, rows.map(readRangeRow)]]), isLast),
    plan.stopsAfter === undefined ? undefined : { after: plan.stopsAfter, retryAt: terms.now },
  )
  if (error !== null && page === 1 && isUnknownTicker(error)) {
    // The symbol is refused on its own account, so that it is asked for elsewhere instead of being empty day by day.
    gathering.markMalformed(symbol, from, to, error)
    return gathering.answer(null)
  }
  pager.settle(error)
  return gathering.answer(error)
}

/** One answer for the whole market. Of its 12,000 tickers only those wanted are read, each under its name of that day. */
export async function askGrouped(request: GroupedRequest, plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const { dt } = request
  const { asked, gathering } = openAnswer(plan, terms, dt, dt)
  const answer = await gathering.send(get, groupedAddress(request))
  if (answer instanceof VendorError) return gathering.answer(answer)
  const page = readAggs(answer, null)
  if (page instanceof VendorError) return gathering.answer(page)
  const byTicker = new Map([...asked.symbols].map((symbol) => [vendorTicker(tickerOn(terms, symbol, dt)), symbol]))
  takeMarket(page.rows, dt, byTicker, gathering)
  gathering.completeAll()
  return gathering.answer(null)
}

function takeMarket(
  rows: unknown[],
  dt: string,
  byTicker: ReadonlyMap<string, string>,
  gathering: AnswerBuilder,
): void {
  const served = new Set<string>()
  let anonymous: string | null = null
  for (const row of rows) {
    const ticker = GroupedRow.safeParse(row)
    if (!ticker.success) anonymous ??= `T: expected a ticker, got ${sampleOf(row)}`
    const symbol = ticker.success ? byTicker.get(ticker.data.T) : undefined
    if (symbol === undefined) continue
    served.add(symbol)
    const read = readGroupedRow(row, dt)
    if (read.bar !== null) gathering.keep(symbol, dt, read.bar)
    else gathering.markMalformed(symbol, dt, dt, malformedRow(VENDOR, symbol, dt, read.issue))
  }
  for (const symbol of byTicker.values()) {
    // The row without a name may be this symbol's, so that it has none is not proven.
    if (anonymous === null || served.has(symbol)) continue
    gathering.markMalformed(symbol, dt, dt, malformedRow(VENDOR, symbol, dt, anonymous))
  }
}

function openAnswer(
  plan: CallPlan,
  terms: PlanTerms,
  from: string,
  to: string,
): { asked: Asked; gathering: AnswerBuilder } {
  const calendar = calendarOf('xnys')
  const { settledUntil } = terms
  const asked: Asked = { symbols: new Set(plan.wants.map((want) => want.symbol)), from, to, calendar, settledUntil }
  const gathering = answerBuilder(plan.wants, asked)
  if (settledUntil === null) rejectOpenSession(VENDOR, gathering, plan.wants, calendar, terms.now, 0)
  return { asked, gathering }
}
