/** Asks Alpaca for stock bars (GET /v2/stocks/bars), many symbols by many days in one question. */
import { calendarOf } from '../../_calendar/calendar.ts'
import { type AnswerBuilder, type Asked, answerBuilder } from '../answer-builder.ts'
import { pagerOf } from '../pager.ts'
import { rejectOpenSession } from '../reject-open-session.ts'
import { type Answer, type CallPlan, type Get, type PlanTerms, VendorError } from '../vendor.ts'
import { followTokens } from './pages.ts'
import { readPage, VENDOR } from './parse.ts'
import { askWithoutPoison } from './poison.ts'
import { barsAddress, type StocksRequest } from './request.ts'
import { canonicalSymbolsOf, vendorTicker } from './ticker-format.ts'
import { RECENCY_MS } from './window.ts'

/** Asks page by page; a symbol the vendor cannot spell is refused on its own account and the rest is asked again. */
export async function askBars(
  request: StocksRequest,
  plan: CallPlan,
  { settledUntil, now }: Pick<PlanTerms, 'settledUntil' | 'now'>,
  get: Get,
): Promise<Answer> {
  const { symbols, from, to } = request
  const calendar = calendarOf('xnys')
  const gathering = answerBuilder(plan.wants, { symbols: new Set(symbols), from, to, calendar, settledUntil })
  const until = Date.parse(request.end)
  if (settledUntil === null) rejectOpenSession(VENDOR, gathering, plan.wants, calendar, until, RECENCY_MS)
  if (until < Date.parse(request.start)) return gathering.answer(tooYoung(request))

  const symbolOf = canonicalSymbolsOf(symbols)
  const stopped = await askWithoutPoison(
    symbols.map(vendorTicker),
    (vendorTickers) => {
      const asked: Asked = { symbols: new Set(vendorTickers), from, to, calendar }
      return askPages(request, asked, plan, now, canonical(gathering, symbolOf), get)
    },
    (poison, error) => {
      gathering.markMalformed(symbolOf.get(poison) ?? poison, from, to, error)
      gathering.restart()
    },
  )
  return gathering.answer(stopped)
}

/** Follows the token to its end. The error that stopped it, or null when everything was answered. */
async function askPages(
  request: StocksRequest,
  asked: Asked,
  { expectedCalls, stopsAfter }: CallPlan,
  now: number,
  gathering: AnswerBuilder,
  get: Get,
): Promise<VendorError | null> {
  // The pager compares symbols to see how far the vendor came, so it must see them in the vendor's spelling and order.
  const pager = pagerOf(VENDOR, gathering, asked)
  const left = { ...request, symbols: [...asked.symbols] }
  const stopped = await followTokens({
    gathering,
    get,
    addressOf: (token) => barsAddress(left, token),
    read: readPage,
    take: (page) => pager.take(page.bars, page.token === null),
    // Extended hours can double what was expected of minute bars.
    mostPages: 3 * expectedCalls + 5,
    stops: stopsAfter === undefined ? undefined : { after: stopsAfter, retryAt: now },
    // A day has one bar: with all of them there, a token leads to an empty page.
    hasAll: () => request.timeframe === '1Day' && gathering.hasAll(),
  })
  pager.settle(stopped)
  return stopped
}

/** The same gathering for one that speaks of symbols as Alpaca spells them. */
function canonical(gathering: AnswerBuilder, canonical: ReadonlyMap<string, string>): AnswerBuilder {
  const symbolOf = (spelling: string): string => canonical.get(spelling) ?? spelling
  return {
    ...gathering,
    isWanted: (spelling, dt) => gathering.isWanted(symbolOf(spelling), dt),
    keep: (spelling, dt, row) => gathering.keep(symbolOf(spelling), dt, row),
    markMalformed: (spelling, from, to, error) => gathering.markMalformed(symbolOf(spelling), from, to, error),
    complete: (spelling, before) => gathering.complete(symbolOf(spelling), before),
  }
}

/** The day began less than sixteen minutes ago; the vendor would call this a bad request. */
export const tooYoung = ({ from, end }: { from: string; end: string }): VendorError =>
  new VendorError(
    VENDOR,
    'too_recent',
    `nothing was sent to ${VENDOR}; ${from} begins after ${end}, the newest it may be asked for`,
  )
