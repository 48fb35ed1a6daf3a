/** The tickers that the entries of a universe claim, so that a new claim can be compared with everybody else's. */
import type { Listing } from '../../config/schema.ts'
import { type Dt, maxDt, minDt } from '../_market/dt.ts'
import { claimsOf, type TickerClaim } from '../_market/ticker-claims.ts'

/** By ticker. */
export class ClaimedTickers {
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
