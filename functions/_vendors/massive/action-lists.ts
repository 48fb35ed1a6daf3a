/** The lists of splits and of dividends, for all symbols at once; where that is refused, from the older list one ticker at a time. */
import { z } from 'zod'
import { calendarOf } from '../../_calendar/calendar.ts'
import { type Dt, isDt } from '../../_market/dt.ts'
import type { Action } from '../../_market/row.ts'
import { sessionOfAction } from '../action-day.ts'
import type { AnswerBuilder } from '../answer-builder.ts'
import { sampleOf } from '../read-json.ts'
import type { TickerHistory } from '../ticker-history.ts'
import { type Get, VendorError } from '../vendor.ts'
import { type Found, numberActions, type ReadAction, readDividend, readSplit } from './action-row.ts'
import { followPages } from './pages.ts'
import { readListPage, VENDOR } from './parse.ts'
import { type ActionsPath, type ActionsRequest, type Address, actionsAddress, legacyActionsAddress } from './request.ts'

/** Before and after any cell. */
const EARLIEST = '0000-01-01'
const LATEST = '9999-12-31'

const text = z.string().optional().catch(undefined)
const Label = z.object({ ticker: text, execution_date: text, ex_dividend_date: text })

/** One of the lists, and how its rows are read. */
export interface ActionList extends ActionsPath {
  read(row: unknown): ReadAction
}

/** Splits, stock dividends among them; old and new lists as of 2026-02. */
export const SPLITS: ActionList = {
  path: '/stocks/v1/splits',
  legacyPath: '/v3/reference/splits',
  dated: 'execution_date',
  read: readSplit,
}

/** Dividends in cash. */
export const DIVIDENDS: ActionList = {
  path: '/stocks/v1/dividends',
  legacyPath: '/v3/reference/dividends',
  dated: 'ex_dividend_date',
  read: readDividend,
}

/** Asks a list to its end and keeps its rows. The error that stopped it, or null. */
export async function askList(
  list: ActionList,
  request: ActionsRequest,
  history: TickerHistory,
  gathering: AnswerBuilder,
  get: Get,
): Promise<VendorError | null> {
  const rows = await rowsOfList(list, request, gathering, get)
  if (rows instanceof VendorError) return rows
  takeRows(list, rows, request, history, gathering)
  return null
}

async function rowsOfList(
  list: ActionList,
  request: ActionsRequest,
  gathering: AnswerBuilder,
  get: Get,
): Promise<unknown[] | VendorError> {
  const rows: unknown[] = []
  const follow = async (address: Address, pages: number): Promise<VendorError | null> => {
    const end = await followPages(gathering, get, address, pages, readListPage, (page) => rows.push(...page))
    return end.error
  }
  const error = await follow(actionsAddress(list, request), request.pages)
  if (error === null) return rows
  if (!isGone(error)) return error
  rows.length = 0
  for (const ticker of request.tickers) {
    const stopped = await follow(legacyActionsAddress(list, ticker, request), 1)
    if (stopped !== null) return stopped
  }
  return rows
}

/** Whether a list is not there, or not for this plan. A wall of time would stand before the older list too. */
const isGone = ({ status, fault }: VendorError): boolean =>
  status === 404 || (status === 403 && fault === 'not_entitled')

function takeRows(
  list: ActionList,
  rows: readonly unknown[],
  request: ActionsRequest,
  history: TickerHistory,
  gathering: AnswerBuilder,
): void {
  const ours: (Found & { symbol: string })[] = []
  for (const row of rows) {
    const { ticker, date } = labelOf(row, list)
    const symbol = ticker === null || date === null ? null : history.listedOn(ticker, date)
    const read = list.read(row)
    if (read.action === null) {
      const error = malformedAction(list, ticker, date, read.issue, row)
      for (const suspect of suspectsOf(ticker, date, symbol, request, history))
        markMalformedOn(suspect, date, error, gathering)
    } else if (symbol !== null) ours.push({ ...read, symbol })
  }
  for (const { symbol, action } of numberActions(ours)) keepAction(symbol, action, gathering)
}

/** An action belongs to the first session on or after the day it takes effect; beyond the calendar's years there is no such cell. */
export function keepAction(symbol: string, action: Action, gathering: AnswerBuilder): void {
  const dt = sessionOfAction(calendarOf('xnys'), action.effective_date)
  if (dt !== null) gathering.keep(symbol, dt, action)
}

/** Refuses the cell of a symbol in which something of a day that does not parse would lie; all its cells where the day is not known. */
export function markMalformedOn(symbol: string, date: Dt | null, error: VendorError, gathering: AnswerBuilder): void {
  const dt = date === null ? null : sessionOfAction(calendarOf('xnys'), date)
  if (date === null) gathering.markMalformed(symbol, EARLIEST, LATEST, error)
  else if (dt !== null) gathering.markMalformed(symbol, dt, dt, error)
}

/** The ticker and the day of a row, each null where it cannot be read. */
function labelOf(row: unknown, { dated }: ActionList): { ticker: string | null; date: Dt | null } {
  const label = Label.safeParse(row).data
  const date = label?.[dated]
  return { ticker: label?.ticker ?? null, date: date !== undefined && isDt(date) ? date : null }
}

/** Whose a row may be that does not parse: its ticker's of that day; without a day all that ever had it; without a ticker anybody's. */
function suspectsOf(
  ticker: string | null,
  date: Dt | null,
  symbol: string | null,
  request: ActionsRequest,
  history: TickerHistory,
): readonly string[] {
  if (ticker === null) return request.symbols
  if (date === null) return history.ever(ticker)
  return symbol === null ? [] : [symbol]
}

function malformedAction(
  { path }: ActionList,
  ticker: string | null,
  date: Dt | null,
  issue: string,
  row: unknown,
): VendorError {
  const what = `an action of ${ticker?.slice(0, 20) ?? 'no ticker'} on ${date ?? 'no day'}`
  return new VendorError(VENDOR, 'malformed', `${VENDOR} served ${what} that does not parse (${path}), at ${issue}`, {
    status: 200,
    sample: sampleOf(row),
  })
}
