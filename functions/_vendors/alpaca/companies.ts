/** Whose action a ticker stands for: companies change tickers, and tickers change companies. */
import type { Dt } from '../../_market/dt.ts'
import { tickerOn, tickersOf } from '../names.ts'
import type { PlanTerms } from '../vendor.ts'
import { spell } from './ticker-format.ts'

export interface Companies {
  all(): readonly string[]
  /** The canonical symbols that had a ticker (as Alpaca spells it) at any time; none where it was not asked for. */
  ever(ticker: string): readonly string[]
  /**
   * The canonical symbol that had a ticker on a day, null for a company that was not asked for. `formerly` is the ticker a
   * renamed company had before: where both are one company's, it is that one, whatever the day the vendor gives.
   */
  on(ticker: string, dt: Dt, formerly: string | null): string | null
}

/** The companies behind canonical symbols. */
export function companiesOf(symbols: readonly string[], terms: Pick<PlanTerms, 'names'>): Companies {
  const byTicker = new Map<string, string[]>()
  for (const symbol of symbols) {
    for (const ticker of new Set(tickersOf(terms, symbol).map(spell))) {
      byTicker.set(ticker, [...(byTicker.get(ticker) ?? []), symbol])
    }
  }
  const ever = (ticker: string): readonly string[] => byTicker.get(ticker) ?? []
  return {
    all: () => symbols,
    ever,
    on(ticker, dt, formerly) {
      const renamed = formerly === null ? [] : ever(formerly)
      const candidates = ever(ticker)
      return (
        candidates.find((symbol) => renamed.includes(symbol)) ??
        candidates.find((symbol) => spell(tickerOn(terms, symbol, dt)) === ticker) ??
        null
      )
    },
  }
}
