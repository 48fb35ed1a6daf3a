/** Asks Alpaca for corporate actions (GET /v1/corporate-actions) and finds the cell of each. */
import { calendarOf } from '../../_calendar/calendar.ts'
import type { Dt } from '../../_market/dt.ts'
import { sessionOfAction } from '../action-day.ts'
import { type AnswerBuilder, answerBuilder } from '../answer-builder.ts'
import { readJson } from '../read-json.ts'
import { type TickerHistory, tickerHistory } from '../ticker-history.ts'
import { type Answer, type CallPlan, type Get, type HttpAnswer, type PlanTerms, VendorError } from '../vendor.ts'
import { readAction, type UnreadAction } from './action-rows.ts'
import { followTokens } from './pages.ts'
import { nextToken, VENDOR } from './parse.ts'
import { askWithoutPoison } from './poison.ts'
import { type ActionsRequest, actionsAddress } from './request.ts'
import { vendorTicker } from './ticker-format.ts'
import { ActionsPage } from './wire.ts'

/** Any day there is: a row without a readable date may belong to each. */
const [EVER_FROM, EVER_TO]: [Dt, Dt] = ['0001-01-01', '9999-12-31']

/**
 * Asks to the last page. Rows come in the order of process dates, which proves nothing about effective dates: all cells are
 * complete at the end, none before. That nothing happened is an answer: the cell is complete without rows.
 */
export async function askActions(request: ActionsRequest, plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const { from, to } = request
  const calendar = calendarOf('xnys')
  const gathering = answerBuilder(plan.wants, { symbols: new Set(request.symbols), from, to, calendar })
  const history = tickerHistory(request.symbols, terms, vendorTicker)
  const stopped = await askWithoutPoison(
    request.tickers,
    (tickers) => askPages({ ...request, tickers: [...tickers] }, plan.expectedCalls, history, gathering, get),
    (poison, error) => {
      for (const symbol of history.ever(poison)) gathering.markMalformed(symbol, EVER_FROM, EVER_TO, error)
      gathering.restart()
    },
  )
  if (stopped === null) gathering.completeAll()
  return gathering.answer(stopped)
}

function askPages(
  request: ActionsRequest,
  expectedCalls: number,
  history: TickerHistory,
  gathering: AnswerBuilder,
  get: Get,
): Promise<VendorError | null> {
  const nameless = new Map<string, number>()
  return followTokens({
    gathering,
    get,
    addressOf: (token) => actionsAddress(request, token),
    read: readPage,
    take(page) {
      for (const { plural, row } of page.rows) takeRow(plural, row, request.symbols, history, nameless, gathering)
    },
    // Some funds pay every week, ten times as often as is usual.
    mostPages: 10 * expectedCalls + 5,
  })
}

interface PluralRow {
  plural: string
  row: unknown
}

function readPage(answer: HttpAnswer): { rows: PluralRow[]; token: string | null } | VendorError {
  const page = readJson(answer, ActionsPage, VENDOR)
  if (page instanceof VendorError) return page
  const rows = Object.entries(page.corporate_actions).flatMap(([plural, list]) => list.map((row) => ({ plural, row })))
  return { rows, token: nextToken(page.next_page_token) }
}

/**
 * Files one row under its company's cell. Rows of companies that were not asked for (the acquirer was, say) and of days that
 * nobody wants are ignored: the window of process dates is wider than what was asked. `nameless` counts rows without an id.
 */
function takeRow(
  plural: string,
  row: unknown,
  symbols: readonly string[],
  history: TickerHistory,
  nameless: Map<string, number>,
  gathering: AnswerBuilder,
): void {
  const read = readAction(plural, row)
  if (read === null) return
  if ('issue' in read) {
    markMalformed(read, symbols, history, gathering)
    return
  }
  const { ticker, formerly, id, action } = read
  const { kind, effective_date } = action
  const symbol = ownerOf(history, ticker, effective_date, formerly)
  const dt = sessionOfAction(calendarOf('xnys'), effective_date)
  if (symbol === null || dt === null || !gathering.isWanted(symbol, dt)) return
  gathering.keep(symbol, dt, { ...action, id: id ?? nextId(nameless, `${kind}:${symbol}:${effective_date}`) })
}

/** Answers of 2024 and before had no ids. */
function nextId(nameless: Map<string, number>, name: string): string {
  const count = (nameless.get(name) ?? 0) + 1
  nameless.set(name, count)
  return count === 1 ? name : `${name}:${count}`
}

/** A row that names no company may be any company's, one without a day any day's. */
function markMalformed(
  { plural, ticker, formerly, effective, issue }: UnreadAction,
  symbols: readonly string[],
  history: TickerHistory,
  gathering: AnswerBuilder,
): void {
  const cell = effective === null ? undefined : sessionOfAction(calendarOf('xnys'), effective)
  if (cell === null) return
  for (const symbol of suspects(ticker, effective, formerly, symbols, history)) {
    const message = `${VENDOR} served a row of ${plural} for ${symbol} that does not parse, at ${issue}`
    const error = new VendorError(VENDOR, 'malformed', message, { status: 200, sample: issue })
    gathering.markMalformed(symbol, cell ?? EVER_FROM, cell ?? EVER_TO, error)
  }
}

function suspects(
  ticker: string | null,
  effective: Dt | null,
  formerly: string | null,
  symbols: readonly string[],
  history: TickerHistory,
): readonly string[] {
  if (ticker === null) return symbols
  if (effective === null) return history.ever(ticker)
  const symbol = ownerOf(history, ticker, effective, formerly)
  return symbol === null ? [] : [symbol]
}

/**
 * The symbol that an action is about. `formerly` is the ticker a renamed company had before: where both tickers are one company's, it is that
 * one, whatever the day the vendor gives.
 */
function ownerOf(history: TickerHistory, ticker: string, dt: Dt, formerly: string | null): string | null {
  const renamed = formerly === null ? [] : history.ever(formerly)
  return history.ever(ticker).find((symbol) => renamed.includes(symbol)) ?? history.on(ticker, dt)
}
