/** Which days an entry of the universe traded under which ticker: on one day a ticker belongs to one company. */
import type { Listing } from '../../config/schema.ts'
import { addDays, type Dt, maxDt, minDt } from '../_market/dt.ts'

/** Both ends inclusive. */
interface TickerClaim {
  ticker: string
  symbol: string
  fromDt: Dt
  toDt: Dt
}

const NO_END = '9999-12-31'

function claimsOf({ symbol, from, to, was = [] }: Listing): TickerClaim[] {
  let fromDt = from
  const claims: TickerClaim[] = []
  for (const name of was) {
    claims.push({ ticker: name.symbol, symbol, fromDt, toDt: name.to })
    fromDt = addDays(name.to, 1)
  }
  return [...claims, { ticker: symbol, symbol, fromDt, toDt: to ?? NO_END }].filter((one) => one.fromDt <= one.toDt)
}

/** The claims of a universe, by ticker, so that an entry's new ones can be compared with everybody else's. */
export class TickerClaims {
  private readonly byTicker = new Map<string, TickerClaim[]>()

  constructor(universe: readonly Listing[]) {
    for (const entry of universe) this.add(entry)
  }

  /** The first day on which an entry would have a ticker that is another's; null where there is none. */
  conflict(entry: Listing): { ticker: string; other: string; dt: Dt } | null {
    for (const { ticker, symbol, fromDt, toDt } of claimsOf(entry)) {
      const other = this.byTicker
        .get(ticker)
        ?.find((one) => one.symbol !== symbol && maxDt(one.fromDt, fromDt) <= minDt(one.toDt, toDt))
      if (other) return { ticker, other: other.symbol, dt: maxDt(other.fromDt, fromDt) }
    }
    return null
  }

  /** Takes an entry's claims for those it had. */
  replace(before: Listing, after: Listing): void {
    for (const { ticker, symbol } of claimsOf(before)) {
      const others = (this.byTicker.get(ticker) ?? []).filter((one) => one.symbol !== symbol)
      this.byTicker.set(ticker, others)
    }
    this.add(after)
  }

  private add(entry: Listing): void {
    for (const claim of claimsOf(entry)) {
      const known = this.byTicker.get(claim.ticker)
      if (known) known.push(claim)
      else this.byTicker.set(claim.ticker, [claim])
    }
  }
}
