/** Option bars of Massive: every contract of an underlier that is listed for a window of days, one question each. */
import { calendarOf } from '../../_calendar/calendar.ts'
import { newYorkDt } from '../../_calendar/zone.ts'
import { addDays, type Dt, maxDt, minDt } from '../../_market/dt.ts'
import { type AnswerBuilder, answerBuilder } from '../answer-builder.ts'
import { isCollected } from '../occ.ts'
import { malformedRow } from '../pager.ts'
import { rejectOpenSession } from '../reject-open-session.ts'
import { type Answer, type CallPlan, type Get, type PlanTerms, VendorError } from '../vendor.ts'
import { type Contract, listContracts, OPTION_PREFIX } from './contracts.ts'
import { followPages } from './pages.ts'
import { isUnknownTicker, readAggs, readRangeRow, VENDOR } from './parse.ts'
import { isOver } from './plan-options.ts'
import { barsAddress, type OptionsRequest } from './request.ts'

/**
 * Lists the contracts, then asks for each one's bars. A cell holds the bars of all of them, so cells are complete only after the last
 * contract. An underlier the vendor lists nothing for is answered as empty; one it does not know is refused on its own account.
 */
export async function askOptions(request: OptionsRequest, plan: CallPlan, terms: PlanTerms, get: Get): Promise<Answer> {
  const { symbol, from, to } = request
  const calendar = calendarOf('xnys')
  const gathering = answerBuilder(plan.wants, { symbols: new Set([symbol]), from, to, calendar })
  rejectOpenSession(VENDOR, gathering, plan.wants, calendar, terms.now, 0)
  // Pages of an open session would be kept for the rest of the plan, as if they were the whole day.
  const wanted = plan.wants.map((want) => want.dt).filter((dt) => isOver(dt, terms.now))
  if (wanted.length === 0) return gathering.answer(null)

  const contracts = await listContracts(request, gathering, get)
  if (contracts instanceof VendorError) {
    if (!isUnknownTicker(contracts)) return gathering.answer(contracts)
    gathering.markMalformed(symbol, from, to, contracts)
    return gathering.answer(null)
  }
  const stopped = await askContracts(request, contracts.values(), wanted, gathering, get)
  if (stopped === null) gathering.completeAll()
  return gathering.answer(stopped)
}

/** Contract by contract. The error that stopped it, or null when every one was answered. */
async function askContracts(
  request: OptionsRequest,
  contracts: Iterable<Contract>,
  wanted: readonly Dt[],
  gathering: AnswerBuilder,
  get: Get,
): Promise<VendorError | null> {
  const { symbol, expireWithinDays } = request
  let from = request.from
  for (const contract of contracts) {
    const first = maxDt(from, addDays(contract.expiration, -expireWithinDays))
    const last = minDt(request.to, contract.expiration)
    if (!wanted.some((dt) => dt >= first && dt <= last)) continue
    const error = await askContract({ ...request, from: first, to: last }, contract, gathering, get)
    if (error === null) continue
    if (error.fault === 'before_history') {
      // The wall lies behind the contract's last day: no day up to it can be had, while later ones may.
      gathering.markMalformed(symbol, from, last, error)
      from = addDays(last, 1)
    } else if (isUnknownTicker(error)) {
      gathering.markMalformed(symbol, first, last, unknownContract(error, contract))
    } else return error
  }
  return null
}

async function askContract(
  request: OptionsRequest,
  contract: Contract,
  gathering: AnswerBuilder,
  get: Get,
): Promise<VendorError | null> {
  const ticker = OPTION_PREFIX + contract.contract
  const { error } = await followPages(
    gathering,
    get,
    barsAddress({ ...request, ticker }),
    1,
    (answer) => readAggs(answer, ticker),
    (rows) => {
      for (const row of rows) takeBar(row, contract, request, gathering)
    },
  )
  return error
}

/** A row whose day cannot be read may be of any day that was asked for. */
function takeBar(
  row: unknown,
  { contract, expiration, right, strike }: Contract,
  { symbol, from, to, expireWithinDays }: OptionsRequest,
  gathering: AnswerBuilder,
): void {
  const read = readRangeRow(row)
  const dt = read.ts === null ? null : newYorkDt(read.ts)
  if (read.bar === null) {
    gathering.markMalformed(
      symbol,
      dt ?? from,
      dt ?? to,
      malformedRow(VENDOR, contract, dt ?? `${from} to ${to}`, read.issue),
    )
  } else if (dt !== null && isCollected(expiration, dt, expireWithinDays)) {
    // Otherwise it lies behind the expiry, or before the contract is collected, and is no part of the day's cell.
    gathering.keep(symbol, dt, { ...read.bar, underlier: symbol, contract, expiration, right, strike })
  }
}

/** The vendor contradicts itself: it lists the contract and does not know it. */
const unknownContract = (error: VendorError, { contract }: Contract): VendorError =>
  new VendorError(VENDOR, 'malformed', `${VENDOR} lists ${contract} but has no such ticker: ${error.message}`, {
    status: error.status,
    sample: error.sample,
  })
