/** Which ticker a company traded under on a day. Vendors' own spellings of a ticker are their connectors' business. */
import type { Dt } from '../_market/dt.ts'
import type { PlanTerms } from './vendor.ts'

type NamesOf = Pick<PlanTerms, 'names'>

/** The ticker of a canonical symbol on a day, itself canonical: `META` on 2022-06-08 is `FB`. */
export const tickerOn = ({ names }: NamesOf, symbol: string, dt: Dt): string =>
  names[symbol]?.was.find(({ to }) => dt <= to)?.symbol ?? symbol

/** The last day on which the symbol still has the ticker it had on `dt`; null while that goes on. */
export function tickerUntil({ names }: NamesOf, symbol: string, dt: Dt): Dt | null {
  const own = names[symbol]
  return own?.was.find(({ to }) => dt <= to)?.to ?? own?.until ?? null
}

/** Every ticker a canonical symbol ever had, oldest first, the canonical one last. */
export const tickersOf = ({ names }: NamesOf, symbol: string): string[] => [
  ...(names[symbol]?.was.map((name) => name.symbol) ?? []),
  symbol,
]
