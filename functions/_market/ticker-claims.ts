/** Ticker claims: which days an entry of the universe traded under which ticker. On one day a ticker belongs to one company. */
import { addDays, type Dt } from './dt.ts'

/** A company by its present symbol: its first and last day, and the tickers it had before, oldest first, each with its last day. */
export interface ListedCompany {
  symbol: string
  from: Dt
  /** Null while it lives. */
  to: Dt | null
  was?: readonly { symbol: string; to: Dt }[] | undefined
}

/** The days, both inclusive, on which a company traded under a ticker. */
export interface TickerClaim {
  ticker: string
  symbol: string
  fromDt: Dt
  toDt: Dt
}

/** The last day of a claim that goes on. */
export const NO_END: Dt = '9999-12-31'

/** The day from which the next ticker is the company's. */
export const dayAfter = (dt: Dt): Dt => (dt < NO_END ? addDays(dt, 1) : NO_END)

/** Oldest first. A ticker that ends before it begins claims nothing. */
export function claimsOf({ symbol, from, to, was = [] }: ListedCompany): TickerClaim[] {
  let fromDt = from
  const claims: TickerClaim[] = []
  for (const name of was) {
    claims.push({ ticker: name.symbol, symbol, fromDt, toDt: name.to })
    fromDt = dayAfter(name.to)
  }
  return [...claims, { ticker: symbol, symbol, fromDt, toDt: to ?? NO_END }].filter((one) => one.fromDt <= one.toDt)
}
