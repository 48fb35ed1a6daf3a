/** Alpaca Market Data: stock bars, many symbols by many days in one question (data.alpaca.markets). */
import { calendarOf } from '../../_calendar/calendar.ts'
import type { DatasetName } from '../../_market/cell.ts'
import { type Asked, type Gathering, gather } from '../gather.ts'
import { pagerOf } from '../pager.ts'
import { refuseRunning } from '../running.ts'
import { type Answer, type CallPlan, type Connector, type Get, type PlanTerms, VendorError } from '../vendor.ts'
import { classify, KEY_ID, poisonOf, readPage, SECRET_KEY, VENDOR } from './parse.ts'
import { plan, RECENCY_MS } from './plan.ts'
import { AlpacaRequest, PATH, queryOf } from './wire.ts'

const DATASETS: readonly DatasetName[] = ['equities_bars', 'equities_bars_minute']

export const alpaca: Connector = {
  name: VENDOR,
  datasets: DATASETS,
  secrets: [KEY_ID, SECRET_KEY],
  authorise: (secrets) => ({
    headers: { 'apca-api-key-id': secrets[KEY_ID] ?? '', 'apca-api-secret-key': secrets[SECRET_KEY] ?? '' },
    query: {},
  }),
  plan,
  ask,
  classify,
}

/**
 * Asks page by page. One symbol the vendor cannot spell makes it refuse the whole batch and name that symbol; it is then
 * refused on its own account and the rest is asked again, at most once a symbol.
 */
async function ask(plan: CallPlan, _terms: PlanTerms, get: Get): Promise<Answer> {
  const request = AlpacaRequest.parse(plan.request)
  const asked = rectangleOf(request)
  const gathering = gather(plan.wants, asked)
  const until = Date.parse(request.end)
  refuseRunning(VENDOR, gathering, plan.wants, asked.calendar, until, RECENCY_MS)
  if (until < Date.parse(request.start)) return gathering.answer(tooYoung(request))

  let { symbols } = request
  while (symbols.length > 0) {
    const stopped = await askPages({ ...request, symbols }, plan.expectedCalls, gathering, get)
    const poison = stopped === null ? undefined : poisonOf(stopped, symbols)
    if (stopped === null || poison === undefined) return gathering.answer(stopped)
    gathering.spoil(poison, request.from, request.to, unknownSymbol(stopped, poison))
    gathering.restart()
    symbols = symbols.filter((symbol) => symbol !== poison)
  }
  return gathering.answer(null)
}

/** Follows the token to its end. The error that stopped it, or null when everything was answered. */
async function askPages(
  request: AlpacaRequest,
  expectedCalls: number,
  gathering: Gathering,
  get: Get,
): Promise<VendorError | null> {
  const pager = pagerOf(VENDOR, gathering, rectangleOf(request))
  const stop = (error: VendorError | null): VendorError | null => {
    pager.settle(error)
    return error
  }
  const seen = new Set<string>()
  // Extended hours can double what was expected of minute bars; beyond three times the vendor is not paging but looping.
  const mostPages = 3 * expectedCalls + 5
  let token: string | null = null
  for (let pages = 1; pages <= mostPages; pages++) {
    const answer = await gathering.send(get, { path: PATH, query: queryOf(request, token) })
    if (answer instanceof VendorError) return stop(answer)
    const page = readPage(answer)
    if (page instanceof VendorError) return stop(page)
    if (page.token !== null && seen.has(page.token)) {
      return stop(loop(`page ${pages} leads back to a page that was served before`))
    }
    pager.take(page.bars, page.token === null)
    token = page.token
    if (token === null) return stop(null)
    seen.add(token)
  }
  return stop(loop(`more than ${mostPages} pages where ${expectedCalls} were expected`))
}

const rectangleOf = ({ symbols, from, to }: AlpacaRequest): Asked => ({
  symbols: new Set(symbols),
  from,
  to,
  calendar: calendarOf('xnys'),
})

const loop = (what: string): VendorError => new VendorError(VENDOR, 'malformed', `GET ${PATH} at ${VENDOR}: ${what}`)

/** The day began less than sixteen minutes ago; the vendor would call this a bad request. */
const tooYoung = ({ from, end }: AlpacaRequest): VendorError =>
  new VendorError(
    VENDOR,
    'too_recent',
    `nothing was sent to ${VENDOR}; ${from} begins after ${end}, the newest it may be asked for`,
  )

const unknownSymbol = (error: VendorError, symbol: string): VendorError =>
  new VendorError(VENDOR, 'not_entitled', `${VENDOR} does not know the spelling ${symbol}: ${error.message}`, {
    status: error.status,
    sample: error.sample,
  })
