/** The contracts on an underlier as Massive lists them, checked against what their OCC symbols say. */
import { z } from 'zod'
import { addDays, type Dt, isDt } from '../../_market/dt.ts'
import type { AnswerBuilder } from '../answer-builder.ts'
import { isSameUnderlier, type OccParts, occParts } from '../occ.ts'
import { firstIssue, sampleOf } from '../read-json.ts'
import { type Get, VendorError } from '../vendor.ts'
import { followPages } from './pages.ts'
import { readListPage, VENDOR } from './parse.ts'
import { contractsAddress, type OptionsRequest } from './request.ts'
import { ContractRow } from './wire.ts'

/** Massive writes an option as the OCC symbol behind this. */
export const OPTION_PREFIX = 'O:'
/** Pages of a list, for the bound on pages that never end: the widest chains fill some 35 of a thousand contracts. */
const PAGES = 15

/** One option, and what its symbol says of it. */
export interface Contract extends OccParts {
  /** OCC symbol. */
  contract: string
}

/**
 * Returns every contract that belongs to a cell of the request, once, in the order listed, or what stopped the lists. A row that does not
 * parse, or that contradicts its own symbol, is left out, and the cells it would belong to are marked malformed.
 */
export async function listContracts(
  request: OptionsRequest,
  gathering: AnswerBuilder,
  get: Get,
): Promise<Map<string, Contract> | VendorError> {
  const { ticker, from } = request
  const furthest = addDays(request.to, request.expireWithinDays)
  const contracts = new Map<string, Contract>()
  // Without as_of: a contract is listed once for good, and stays so after it has expired.
  for (const expired of [true, false]) {
    const address = contractsAddress(ticker, from, furthest, expired)
    const { error } = await followPages(gathering, get, address, PAGES, readListPage, (rows) => {
      for (const row of rows) {
        const read = readContract(row, ticker)
        if (read.contract === null) markCellsMalformed(read, row, request, gathering)
        else if (read.contract.expiration >= from && read.contract.expiration <= furthest)
          contracts.set(read.contract.contract, read.contract)
      }
    })
    if (error !== null) return error
  }
  return contracts
}

/** `contract` is null where the row is not to be trusted; then `issue` says why, and `expirations` are the days it may expire on. */
type ReadContract = { contract: Contract } | { contract: null; issue: string; expirations: Dt[] }

/** What a row says of its expiry, readable or not otherwise. */
const Hint = z.object({
  ticker: z.string().optional().catch(undefined),
  expiration_date: z.string().optional().catch(undefined),
})

/** One row of the list of an underlier, which is given as the vendor spells it. */
export function readContract(row: unknown, underlier: string): ReadContract {
  const hint = Hint.safeParse(row).data
  const occ = occOf(hint?.ticker ?? '')
  const listed = hint?.expiration_date ?? ''
  const doubt = (issue: string): ReadContract => ({
    contract: null,
    issue,
    expirations: [...(occ === null ? [] : [occ.expiration]), ...(isDt(listed) ? [listed] : [])],
  })

  const parsed = ContractRow.safeParse(row)
  if (!parsed.success) return doubt(firstIssue(parsed.error))
  const { ticker, expiration_date, strike_price, contract_type, underlying_ticker } = parsed.data
  if (occ === null) return doubt(`ticker: expected ${OPTION_PREFIX} and an OCC symbol, got ${ticker.slice(0, 40)}`)
  if (underlying_ticker !== undefined && !isSameUnderlier(underlying_ticker, underlier)) {
    return doubt(`underlying_ticker: expected ${underlier}, got ${underlying_ticker.slice(0, 20)}`)
  }
  if (expiration_date !== occ.expiration) return doubt(`expiration_date: ${ticker} is listed for ${expiration_date}`)
  if (strike_price !== occ.strike) return doubt(`strike_price: ${ticker} is listed at ${strike_price}`)
  // In rare cases the vendor calls a contract `other` (openapi), which contradicts nothing.
  if (contract_type !== occ.right && contract_type !== 'other') {
    return doubt(`contract_type: ${ticker} is listed as ${contract_type.slice(0, 20)}`)
  }
  return { contract: { ...occ, contract: ticker.slice(OPTION_PREFIX.length) } }
}

const occOf = (ticker: string): OccParts | null =>
  ticker.startsWith(OPTION_PREFIX) ? occParts(ticker.slice(OPTION_PREFIX.length)) : null

/** Without any readable expiry the contract may belong to every cell. */
function markCellsMalformed(
  { issue, expirations }: { issue: string; expirations: Dt[] },
  row: unknown,
  { symbol, ticker, from, to, expireWithinDays }: OptionsRequest,
  gathering: AnswerBuilder,
): void {
  const message = `${VENDOR} listed a contract on ${ticker} that does not fit, at ${issue}`
  const error = new VendorError(VENDOR, 'malformed', message, { status: 200, sample: sampleOf(row) })
  if (expirations.length === 0) gathering.markMalformed(symbol, from, to, error)
  for (const day of expirations) gathering.markMalformed(symbol, addDays(day, -expireWithinDays), day, error)
}
