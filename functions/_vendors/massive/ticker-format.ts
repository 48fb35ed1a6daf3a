/** How Massive writes a ticker: as we do, but for preferred shares, whose series follows a small p (`BAC.PRL` is `BACpL`). */

const PREFERRED = /^(.+)\.PR([A-Z]?)$/
const SPELLED_PREFERRED = /^([A-Z0-9]+(?:\.[A-Z0-9]+)*)p([A-Z]?)$/
const SPELLED_PLAIN = /^[A-Z0-9]+(?:\.[A-Z0-9]+)*$/

/** Massive's spelling of a canonical ticker. It knows no dash: `BRK-B` is asked for as `BRK.B`. */
export const vendorTicker = (ticker: string): string => ticker.replaceAll('-', '.').replace(PREFERRED, '$1p$2')

/**
 * The canonical ticker of a spelling, with dots; null for what no canonical ticker is spelled as (rights such as `KIMrt`). For tickers
 * without a dash this is the inverse of `vendorTicker`.
 */
export function canonicalSymbol(spelling: string): string | null {
  const preferred = SPELLED_PREFERRED.exec(spelling)
  if (preferred !== null) return `${preferred[1]}.PR${preferred[2]}`
  // A plain form of a preferred one is nobody's: this vendor would have written the p.
  return SPELLED_PLAIN.test(spelling) && !PREFERRED.test(spelling) ? spelling : null
}
