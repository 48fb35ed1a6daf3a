/** Asks Alpaca for the bars of all option contracts of an underlier (GET /v1beta1/options/bars), a hundred contracts a question. */
import { calendarOf } from '../../_calendar/calendar.ts'
import { newYorkDt } from '../../_calendar/zone.ts'
import { addDays } from '../../_market/dt.ts'
import type { Bar, OptionBar } from '../../_market/row.ts'
import { type AnswerBuilder, answerBuilder } from '../answer-builder.ts'
import { isCollected, type OccParts } from '../occ.ts'
import { malformedRow } from '../pager.ts'
import { rejectOpenSession } from '../reject-open-session.ts'
import { type Answer, type CallPlan, type Get, VendorError } from '../vendor.ts'
import { weekdaysBetween } from '../weekdays.ts'
import { tooYoung } from './bars.ts'
import { type Contracts, findContracts } from './contracts.ts'
import { followTokens } from './pages.ts'
import { type Page, readPage, VENDOR } from './parse.ts'
import { askWithoutPoison } from './poison.ts'
import { type OptionsRequest, optionBarsAddress } from './request.ts'
import { MINUTE_MS, RECENCY_MS } from './window.ts'

/** Options on broad funds such as SPY trade a quarter of an hour longer than their underlier (Cboe, Nasdaq PHLX: trading hours). */
const LATE_TRADING_MS = 15 * MINUTE_MS
/** Minutes of a contract's day, the quarter included: a bound, so that pages end. */
const MOST_MINUTES_A_DAY = 405

/**
 * Asks which contracts there are, then for their bars. Cells are complete only when every contract was answered to the end:
 * a contract that was not asked about may have traded on any of the days. A cell without contracts is complete and empty.
 */
export async function askOptions(request: OptionsRequest, plan: CallPlan, get: Get): Promise<Answer> {
  const { underlier, from, to } = request
  const calendar = calendarOf('xnys')
  const gathering = answerBuilder(plan.wants, { symbols: new Set([underlier]), from, to, calendar })
  const until = Date.parse(request.end)
  rejectOpenSession(VENDOR, gathering, plan.wants, calendar, until - LATE_TRADING_MS, RECENCY_MS + LATE_TRADING_MS)
  if (until < Date.parse(request.start)) return gathering.answer(tooYoung(request))

  const contracts = await findContracts(request, gathering, get)
  if (contracts instanceof VendorError) return gathering.answer(contracts)
  for (const batch of batchesOf([...contracts.keys()].sort(), request.contractsPerCall)) {
    const stopped = await askBatch(batch, request, contracts, gathering, get)
    if (stopped !== null) return gathering.answer(stopped)
  }
  gathering.completeAll()
  return gathering.answer(null)
}

function batchesOf(contracts: readonly string[], size: number): string[][] {
  const batches: string[][] = []
  for (let first = 0; first < contracts.length; first += size) batches.push(contracts.slice(first, first + size))
  return batches
}

/** A contract that the vendor lists but cannot spell costs the days on which it would be collected. */
const askBatch = (
  batch: readonly string[],
  request: OptionsRequest,
  contracts: Contracts,
  gathering: AnswerBuilder,
  get: Get,
): Promise<VendorError | null> =>
  askWithoutPoison(
    batch,
    async (names) => {
      const pages: Page['bars'][] = []
      const stopped = await followTokens({
        gathering,
        get,
        addressOf: (token) => optionBarsAddress(request, names, token),
        read: readPage,
        take: (page) => pages.push(page.bars),
        mostPages: mostPagesOf(names.length, request),
      })
      // Only now: a name that is refused on a later page has the whole batch asked again.
      if (stopped === null) for (const page of pages) readBars(page, request, contracts, gathering)
      return stopped
    },
    (name, error) => markContractMalformed(contracts.get(name), request, gathering, error),
  )

/** Twice the pages that a bar in every minute would fill. */
function mostPagesOf(contracts: number, { timeframe, from, to, limit }: OptionsRequest): number {
  const rows = contracts * weekdaysBetween(from, to) * (timeframe === '1Day' ? 1 : MOST_MINUTES_A_DAY)
  return 5 + 2 * Math.ceil(rows / limit)
}

/** Ignores bars of days on which a contract is not collected yet. Bars of a contract that was not requested count as unrequested. */
function readBars(page: Page['bars'], request: OptionsRequest, contracts: Contracts, gathering: AnswerBuilder): void {
  const { underlier, from, to, expireWithinDays } = request
  for (const [contract, rows] of page) {
    const parts = contracts.get(contract)
    for (const row of rows) {
      if (row.ts === null) {
        if (parts)
          markContractMalformed(
            parts,
            request,
            gathering,
            malformedRow(VENDOR, contract, `${from} to ${to}`, row.issue),
          )
        continue
      }
      const dt = newYorkDt(row.ts)
      const isInside = dt >= from && dt <= to
      if (parts && isInside && !isCollected(parts.expiration, dt, expireWithinDays)) continue
      if (row.bar === null) {
        if (parts) gathering.markMalformed(underlier, dt, dt, malformedRow(VENDOR, contract, dt, row.issue))
      } else if (parts) gathering.keep(underlier, dt, optionBar(row.bar, underlier, contract, parts))
      else gathering.keep(contract, dt, row.bar)
    }
  }
}

const optionBar = (
  bar: Bar,
  underlier: string,
  contract: string,
  { expiration, right, strike }: OccParts,
): OptionBar => ({ ...bar, underlier, contract, expiration, right, strike })

/** Refuses the days of the window on which a contract would be collected. */
function markContractMalformed(
  parts: OccParts | undefined,
  { underlier, from, to, expireWithinDays }: OptionsRequest,
  gathering: AnswerBuilder,
  error: VendorError,
): void {
  const [first, last] = parts ? [addDays(parts.expiration, -expireWithinDays), parts.expiration] : [from, to]
  gathering.markMalformed(underlier, first, last, error)
}
