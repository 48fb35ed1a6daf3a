/** Chooses the window of days of one underlier whose option bars Alpaca is asked for. */
import { instantOf } from '../../_calendar/zone.ts'
import { type Dt, dayNumber } from '../../_market/dt.ts'
import { tickerOn, tickerUntil } from '../names.ts'
import type { CallPlan, PlanTerms, Want } from '../vendor.ts'
import { eligibleWants } from './batch-symbols.ts'
import { VENDOR } from './parse.ts'
import { type OptionsRequest, TIMEFRAMES } from './request.ts'
import { chooseWindow, endOf, MINUTE_MS, RECENCY_MS, rfc3339, startOf } from './window.ts'

/** Rows of all contracts of one underlier and day, where nobody knows better. */
const USUAL_ROWS = { day: 400, minute: 4_000 } as const
/** Contracts of an underlier with a bar on a day, for the estimate of calls: a daily bar each. */
const USUAL_CONTRACTS = USUAL_ROWS.day
/** The endpoint takes no more (docs.alpaca.markets/reference/optionbars). */
const MOST_CONTRACTS_PER_CALL = 100
const MOST_ROWS_PER_PAGE = 10_000

/**
 * From the head's day on, as many wants of its underlier as keep the rows within `rowsPerPage * pagesPerPlan`, and no day on
 * which the company had another ticker. For the same wants the request stays the same: once nothing trades any more on the last
 * day, the present no longer shows in it.
 */
export function planOptions(head: Want, others: readonly Want[], terms: PlanTerms): CallPlan {
  const { shape, timeframe, now } = terms
  if (timeframe === null) throw new Error(`expected a timeframe for ${terms.dataset} at ${VENDOR}, got none`)
  const lastDay = tickerUntil(terms, head.symbol, head.dt)
  const eligible = eligibleWants(head, others).filter(
    (want) => want.symbol === head.symbol && (want === head || lastDay === null || want.dt <= lastDay),
  )
  const limit = Math.min(shape.rowsPerPage, MOST_ROWS_PER_PAGE)
  // Rows come contract by contract: where pages end says nothing, so each row is paid for.
  const capacity = { rowsPerPage: 1, mostPages: limit * shape.pagesPerPlan }
  const { to, rows } = chooseWindow(head, eligible, { width: 1, recentRowCounts: USUAL_ROWS[timeframe], ...capacity })
  const request: OptionsRequest = {
    kind: 'options',
    underlier: head.symbol,
    ticker: tickerOn(terms, head.symbol, head.dt),
    timeframe: TIMEFRAMES[timeframe],
    from: head.dt,
    to,
    start: rfc3339(startOf(head.dt)),
    end: rfc3339(newestEnd(to, now)),
    expireWithinDays: terms.expireWithinDays,
    contractsPerCall: Math.max(1, Math.min(shape.symbolsPerCall, MOST_CONTRACTS_PER_CALL)),
    limit,
    sort: 'asc',
  }
  return {
    vendor: VENDOR,
    dataset: terms.dataset,
    wants: eligible.filter((want) => want.dt <= to),
    expectedCalls: expectedCalls(request, rows),
    request,
    feed: shape.feed,
    isResumable: true,
  }
}

/** The last minute of the day, or the newest that may be asked for while the day is young; a whole evening asks up to its 20:00. */
function newestEnd(to: Dt, now: number): number {
  const newest = now - RECENCY_MS
  if (newest >= endOf(to)) return endOf(to)
  const evening = instantOf(to, '20:00')
  return newest >= evening ? evening : Math.floor(newest / MINUTE_MS) * MINUTE_MS
}

/** Two lists of contracts, at least a call for every batch of them, and one more for every page that the rows fill. */
function expectedCalls({ from, to, expireWithinDays, contractsPerCall, limit }: OptionsRequest, rows: number): number {
  const days = dayNumber(to) - dayNumber(from)
  // Every further day of the window brings in contracts that expire a day later.
  const contracts = USUAL_CONTRACTS * (1 + days / (expireWithinDays + 1))
  return 2 + Math.ceil(contracts / contractsPerCall) + Math.floor(rows / limit)
}
