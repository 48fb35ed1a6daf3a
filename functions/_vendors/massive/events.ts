/** The names a company went by, from Massive's ticker events. Their days are approximate: a recorded one is a Saturday, two days late. */
import { type Dt, isDt } from '../../_market/dt.ts'
import type { AnswerBuilder } from '../answer-builder.ts'
import { firstIssue, readJson, sampleOf } from '../read-json.ts'
import { type Get, VendorError } from '../vendor.ts'
import { keepAction, markMalformedOn } from './action-lists.ts'
import { idOf, NOTHING } from './action-row.ts'
import { VENDOR } from './parse.ts'
import { type ActionsRequest, eventsAddress } from './request.ts'
import { canonicalSymbol, vendorTicker } from './ticker-format.ts'
import { EventRow, EventsAnswer, TickerChange } from './wire.ts'

/**
 * `answered`: the symbol's events are in, refused on its own account, or not to be had. `closed`: nobody's are to be had, so that
 * asking for the next symbol would only cost a call. An error: asking stopped.
 */
export type EventsEnd = 'answered' | 'closed' | VendorError

/**
 * Asks which names a symbol had and keeps the changes within the range. The endpoint is experimental and not in every plan: where it
 * answers 404 or 403 the cells go without it, because splits and dividends are worth having alone, and because other vendors file
 * new names as well.
 */
export async function askEvents(
  symbol: string,
  request: ActionsRequest,
  gathering: AnswerBuilder,
  get: Get,
): Promise<EventsEnd> {
  const ticker = vendorTicker(symbol)
  const answer = await gathering.send(get, eventsAddress(ticker))
  if (answer instanceof VendorError) {
    if (answer.status === 404) return answer.fault === 'not_entitled' ? 'answered' : 'closed'
    if (answer.status === 403) return 'closed'
    if (answer.fault !== 'malformed') return answer
    markMalformedOn(symbol, null, answer, gathering)
    return 'answered'
  }
  const read = readJson(answer, EventsAnswer, VENDOR)
  const changes = read instanceof VendorError ? read : changesOf(read.results.events ?? [], ticker)
  if (changes instanceof VendorError) markMalformedOn(symbol, null, changes, gathering)
  else takeChanges(symbol, changes, request, gathering)
  return 'answered'
}

/** A name and its first day; null for a name that does not parse. */
export interface Change {
  date: Dt
  ticker: string | null
}

/** The names in the order in which they were taken; `malformed` where a day cannot be read, or the answer is about another company. */
export function changesOf(events: readonly unknown[], ticker: string): Change[] | VendorError {
  const changes: Change[] = []
  for (const event of events) {
    const row = EventRow.safeParse(event)
    if (!row.success) return malformed(`events of ${ticker} that do not parse, at ${firstIssue(row.error)}`, event)
    if (row.data.type !== 'ticker_change') continue
    if (!isDt(row.data.date)) return malformed(`an event of ${ticker} without a day`, event)
    const change = TickerChange.safeParse(event)
    changes.push({ date: row.data.date, ticker: change.success ? change.data.ticker_change.ticker : null })
  }
  const isOurs = changes.length === 0 || changes.some((change) => change.ticker === null || change.ticker === ticker)
  if (!isOurs) return malformed(`events of another company than ${ticker}`, events)
  return changes.sort((a, b) => (a.date < b.date ? -1 : a.date > b.date ? 1 : 0))
}

/** The oldest name is no change. A change whose old or new name cannot be read costs its day. */
function takeChanges(
  symbol: string,
  changes: readonly Change[],
  request: ActionsRequest,
  gathering: AnswerBuilder,
): void {
  for (const [place, { date, ticker }] of changes.entries()) {
    const before = changes[place - 1]
    if (before === undefined || date < request.from || date > request.to) continue
    if (ticker === null || before.ticker === null) {
      markMalformedOn(
        symbol,
        date,
        malformed(`a new name of ${symbol} on ${date} that does not parse`, changes),
        gathering,
      )
    } else if (ticker !== before.ticker) {
      const kind = 'name_change'
      const other_symbol = canonicalSymbol(before.ticker) ?? before.ticker
      keepAction(
        symbol,
        { ...NOTHING, kind, id: idOf(kind, ticker, date), effective_date: date, other_symbol },
        gathering,
      )
    }
  }
}

const malformed = (what: string, sample: unknown): VendorError =>
  new VendorError(VENDOR, 'malformed', `${VENDOR} served ${what}`, { status: 200, sample: sampleOf(sample) })
