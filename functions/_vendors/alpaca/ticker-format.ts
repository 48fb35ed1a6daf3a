/** How Alpaca writes a ticker: capitals with dots (`BRK.B`, `BAC.PRL`, `IRRX.WS`), as the canonical form does. */

/** Only the dash differs: Alpaca knows none, so a canonical `BRK-B` is asked for as `BRK.B`. */
export const vendorTicker = (ticker: string): string => ticker.replaceAll('-', '.')

/**
 * The way back, for the symbols of one request: spelling to canonical symbol. Two symbols of one spelling never share a
 * request (`batch-symbols.ts` sees to it), so within a request the way back is unambiguous.
 */
export const canonicalSymbolsOf = (symbols: readonly string[]): ReadonlyMap<string, string> =>
  new Map(symbols.map((symbol) => [vendorTicker(symbol), symbol]))
