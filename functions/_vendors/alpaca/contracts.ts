/** Finds the option contracts of an underlier (GET /v2/options/contracts, trading host): those still listed, then those expired. */
import { z } from 'zod'
import { addDays, type Dt, DtText, isDt, maxDt, minDt } from '../../_market/dt.ts'
import { RIGHTS } from '../../_market/row.ts'
import type { AnswerBuilder } from '../answer-builder.ts'
import { isSameUnderlier, type OccParts, occParts } from '../occ.ts'
import { firstIssue, readJson, sampleOf } from '../read-json.ts'
import { type Get, type HttpAnswer, VendorError } from '../vendor.ts'
import { followTokens } from './pages.ts'
import { nextToken, VENDOR } from './parse.ts'
import { CONTRACTS_PATH, type OptionsRequest } from './request.ts'
import { vendorTicker } from './ticker-format.ts'
import { ContractsPage } from './wire.ts'

const LIMIT = 10_000
/** Ten times the largest chain there is (SPY, some 12,000 contracts within two months). */
const MOST_PAGES = 12
const STATUSES = ['active', 'inactive'] as const

export type Contracts = Map<string, OccParts>

/** Numbers are texts on this host; one that is a number is as good. */
const Listing = z.object({
  symbol: z.string(),
  underlying_symbol: z.string(),
  expiration_date: DtText,
  strike_price: z.union([z.number(), z.string().regex(/^\d+(\.\d+)?$/)]),
  type: z.enum(RIGHTS),
})
const Underlier = z.object({ underlying_symbol: z.string() })
const Expiry = z.object({ expiration_date: DtText })

/**
 * The contracts that expire within the window or soon enough after it, by OCC symbol; or the error that stopped the search.
 *
 * A listing whose symbol is no OCC symbol, or says something else than its other fields, is not asked about: nobody could say
 * which contract its bars are of. The days on which they would be collected are then not known to the end, so those cells are
 * refused as `malformed`; with no expiry to read, all cells are. Listings of other underliers are none of our business.
 */
export async function findContracts(
  request: OptionsRequest,
  gathering: AnswerBuilder,
  get: Get,
): Promise<Contracts | VendorError> {
  const contracts: Contracts = new Map()
  const take = (row: unknown): void => {
    if (isOfAnother(row, request.ticker)) return
    const { symbol, parts, issue } = readListing(row)
    if (parts !== null) contracts.set(symbol, parts)
    else markDaysMalformed(expiriesOf(row, symbol), request, gathering, badListing(request.underlier, issue))
  }
  for (const status of STATUSES) {
    const stopped = await followTokens({
      gathering,
      get,
      addressOf: (token) => ({ path: CONTRACTS_PATH, host: 'trading', query: queryOf(request, status, token) }),
      read: readContracts,
      take: (page) => page.rows.forEach(take),
      mostPages: MOST_PAGES,
    })
    if (stopped !== null) return stopped
  }
  return contracts
}

function queryOf(request: OptionsRequest, status: string, token: string | null): Record<string, string> {
  return {
    underlying_symbols: vendorTicker(request.ticker),
    status,
    expiration_date_gte: request.from,
    expiration_date_lte: addDays(request.to, request.expireWithinDays),
    limit: String(LIMIT),
    ...(token === null ? {} : { page_token: token }),
  }
}

function readContracts(answer: HttpAnswer): { rows: unknown[]; token: string | null } | VendorError {
  const page = readJson(answer, ContractsPage, VENDOR)
  if (page instanceof VendorError) return page
  const rows = page.option_contracts ?? []
  const token = nextToken(page.next_page_token)
  if (page.next_page_token === undefined && rows.length >= LIMIT) {
    const message = `GET ${CONTRACTS_PATH} at ${VENDOR}: a full page that does not say whether another follows`
    return new VendorError(VENDOR, 'malformed', message, { status: answer.status })
  }
  return { rows, token }
}

function isOfAnother(row: unknown, ticker: string): boolean {
  const underlier = Underlier.safeParse(row)
  if (!underlier.success) return false
  return !isSameUnderlier(underlier.data.underlying_symbol, vendorTicker(ticker))
}

type ReadListing = { symbol: string; parts: OccParts; issue: null } | { symbol: string; parts: null; issue: string }

function readListing(row: unknown): ReadListing {
  const listing = Listing.safeParse(row)
  if (!listing.success) return { symbol: '', parts: null, issue: firstIssue(listing.error) }
  const { symbol, expiration_date, strike_price, type } = listing.data
  const parts = occParts(symbol)
  if (parts === null) return { symbol, parts, issue: `symbol: expected an OCC symbol, got ${sampleOf(symbol)}` }
  const agrees = parts.expiration === expiration_date && parts.right === type && parts.strike === Number(strike_price)
  if (agrees) return { symbol, parts, issue: null }
  const listed = `${expiration_date} ${type} ${strike_price}`
  return { symbol, parts: null, issue: `symbol: ${symbol} is listed as ${listed}` }
}

/** What an unusable listing says about its expiry, in its field and in its symbol. */
function expiriesOf(row: unknown, symbol: string): Dt[] {
  const listed = Expiry.safeParse(row)
  const said = [listed.success ? listed.data.expiration_date : '', occParts(symbol)?.expiration ?? '']
  return said.filter(isDt)
}

function markDaysMalformed(
  expiries: readonly Dt[],
  request: OptionsRequest,
  gathering: AnswerBuilder,
  error: VendorError,
): void {
  const { underlier, from, to, expireWithinDays } = request
  const [first, last] =
    expiries.length === 0 ? [from, to] : [addDays(expiries.reduce(minDt), -expireWithinDays), expiries.reduce(maxDt)]
  gathering.markMalformed(underlier, first, last, error)
}

const badListing = (underlier: string, issue: string): VendorError =>
  new VendorError(VENDOR, 'malformed', `${VENDOR} listed an option on ${underlier} that is not clear, at ${issue}`, {
    status: 200,
    sample: issue,
  })
