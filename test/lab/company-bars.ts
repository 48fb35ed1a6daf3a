/** Bars of companies instead of tickers: what Alpaca serves when it maps a symbol as of a day (docs.alpaca.markets/reference/stockbars). */
import type { Dt } from '../../functions/_market/dt.ts'
import type { BarSource } from './source.ts'

/** A symbol's bars are those of all tickers of the company that had it on `asof`; a symbol nobody had then has none. */
export function companyBars(source: BarSource, asof: Dt): BarSource {
  const { tickers } = source
  if (!tickers) return source
  const of = <T>(symbol: string, rowsOf: (ticker: string) => T[]): T[] => tickers(symbol, asof).flatMap(rowsOf)
  return {
    ...source,
    daily: (symbol, from, to) => of(symbol, (ticker) => source.daily(ticker, from, to)),
    minute: (symbol, fromMs, toMs) => of(symbol, (ticker) => source.minute(ticker, fromMs, toMs)),
    minuteDays: (symbol, from, to) => of(symbol, (ticker) => source.minuteDays(ticker, from, to)),
  }
}
