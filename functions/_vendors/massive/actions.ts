/** Corporate actions of Massive: splits, dividends and, where configured, new names. Mergers and spin-offs it does not list. */
import { calendarOf } from '../../_calendar/calendar.ts'
import { answerBuilder } from '../answer-builder.ts'
import { tickerHistory } from '../ticker-history.ts'
import type { Answer, CallPlan, Get, PlanTerms } from '../vendor.ts'
import { askList, DIVIDENDS, SPLITS } from './action-lists.ts'
import { askEvents } from './events.ts'
import type { ActionsRequest } from './request.ts'
import { vendorTicker } from './ticker-format.ts'

/**
 * Asks for splits and dividends of all symbols and, where configured, for the names of one symbol after the other. A symbol is then complete when
 * its names are answered too, so that a budget that ends half-way leaves the symbols before it done.
 */
export async function askActions(request: ActionsRequest, plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const { symbols, from, to } = request
  const gathering = answerBuilder(plan.wants, { symbols: new Set(symbols), from, to, calendar: calendarOf('xnys') })
  // Splits and dividends name the ticker of their day, as prices do (massive.com/blog, 2026-02-18, of the newer lists; taken to hold for the older ones).
  const history = tickerHistory(symbols, terms, vendorTicker)
  for (const list of [SPLITS, DIVIDENDS]) {
    const error = await askList(list, request, history, gathering, get)
    if (error !== null) return gathering.answer(error)
  }
  if (!request.tickerEvents) {
    gathering.completeAll()
    return gathering.answer(null)
  }
  let isClosed = false
  for (const symbol of symbols) {
    // Of a ticker the endpoint tells about whoever has it now, who after a last day may be somebody else.
    const isListed = (terms.names[symbol]?.until ?? null) === null
    const end = isListed && !isClosed ? await askEvents(symbol, request, gathering, get) : 'answered'
    if (end === 'closed') isClosed = true
    else if (end !== 'answered') return gathering.answer(end)
    gathering.complete(symbol)
  }
  return gathering.answer(null)
}
