/** Whose a ticker was: companies change tickers, and tickers change companies. */
import type { Dt } from '../_market/dt.ts'
import { tickerOn, tickersOf } from './names.ts'
import type { PlanTerms } from './vendor.ts'

/** Which of a request's symbols had which ticker, as the vendor writes tickers. */
export interface TickerHistory {
  /** The symbols that had the ticker at any time. */
  ever(ticker: string): readonly string[]
  /** The symbol whose ticker it was on a day, also after its company was delisted; null where it is none of ours. */
  on(ticker: string, dt: Dt): string | null
  /** The same, but a company has no ticker after its last listed day. */
  listedOn(ticker: string, dt: Dt): string | null
}

/** `write` gives a canonical ticker as the vendor writes it. */
export function tickerHistory(
  symbols: readonly string[],
  terms: Pick<PlanTerms, 'names'>,
  write: (ticker: string) => string,
): TickerHistory {
  const byTicker = new Map<string, string[]>()
  for (const symbol of symbols) {
    for (const ticker of new Set(tickersOf(terms, symbol).map(write))) {
      byTicker.set(ticker, [...(byTicker.get(ticker) ?? []), symbol])
    }
  }
  const ever = (ticker: string): readonly string[] => byTicker.get(ticker) ?? []
  const had = (symbol: string, ticker: string, dt: Dt): boolean => write(tickerOn(terms, symbol, dt)) === ticker
  const isListed = (symbol: string, dt: Dt): boolean => dt <= (terms.names[symbol]?.until ?? dt)
  return {
    ever,
    on: (ticker, dt) => ever(ticker).find((symbol) => had(symbol, ticker, dt)) ?? null,
    listedOn: (ticker, dt) => ever(ticker).find((symbol) => had(symbol, ticker, dt) && isListed(symbol, dt)) ?? null,
  }
}
