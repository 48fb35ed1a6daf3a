/** Whose a ticker was: from a spelling and a day back to the canonical symbol of a request. */
import { isDt } from '../../_market/dt.ts'
import { tickerOn, tickersOf } from '../names.ts'
import type { PlanTerms } from '../vendor.ts'
import { spell } from './ticker-format.ts'

/** Who had which ticker, among the symbols of one request. */
export interface Owners {
  /** The symbol that had the ticker on a day; null where it is none of ours, or was somebody else's that day. */
  on(spelling: string, dt: string): string | null
  /** Every symbol that ever had the ticker. */
  ever(spelling: string): readonly string[]
}

/**
 * The owners of the tickers of some symbols. Splits and dividends name the ticker of their day, as prices do (massive.com/blog,
 * 2026-02-18, of the newer lists; taken to hold for the older ones).
 */
export function ownersOf(terms: PlanTerms, symbols: readonly string[]): Owners {
  const bySpelling = new Map<string, string[]>()
  for (const symbol of symbols) {
    for (const spelling of new Set(tickersOf(terms, symbol).map(spell))) {
      bySpelling.set(spelling, [...(bySpelling.get(spelling) ?? []), symbol])
    }
  }
  const ever = (spelling: string): readonly string[] => bySpelling.get(spelling) ?? []
  const hasOn = (symbol: string, spelling: string, dt: string): boolean => {
    const until = terms.names[symbol]?.until ?? null
    return spell(tickerOn(terms, symbol, dt)) === spelling && (until === null || dt <= until)
  }
  return {
    ever,
    on: (spelling, dt) => (isDt(dt) ? (ever(spelling).find((symbol) => hasOn(symbol, spelling, dt)) ?? null) : null),
  }
}
