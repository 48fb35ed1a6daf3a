/** The universe that vendors' reference lists make of the stated one, and where each day and ticker in it comes from. Pure: the same input gives the same. */
import type { Listing } from '../../config/schema.ts'
import type { ReferenceRow } from '../../db/symbol-references/list-references.ts'
import type { EarlierTicker } from '../../db/symbol-references/table.ts'
import type { Dt } from '../_market/dt.ts'
import { ClaimedTickers } from './claimed-tickers.ts'
import { earlierTickersOf } from './earlier-tickers.ts'
import { type DeliveredDays, type Life, lifeOf, type StatedBy } from './life.ts'

/** A symbol as it applies. */
export interface AppliedSymbol extends Life {
  symbol: string
  was: { tickers: EarlierTicker[]; stated: StatedBy }
  rows: readonly ReferenceRow[]
}

export interface RefinedUniverse {
  universe: Listing[]
  symbols: AppliedSymbol[]
}

export interface ReferenceFacts {
  /** Of all vendors that count, by symbol. */
  rows: ReadonlyMap<string, readonly ReferenceRow[]>
  delivered: ReadonlyMap<string, DeliveredDays>
  calendarStart: Dt
}

/**
 * Lives first: they only shrink, so that nobody gets another's ticker by them. Then earlier tickers, symbol by symbol: those that would give two
 * symbols one ticker on one day are refused.
 */
export function refineUniverse(stated: readonly Listing[], facts: ReferenceFacts): RefinedUniverse {
  const living = stated.map((entry) => {
    const rows = facts.rows.get(entry.symbol) ?? []
    const life = lifeOf(entry, rows, facts.delivered.get(entry.symbol), facts.calendarStart)
    return { entry: { ...entry, from: life.from.dt, to: life.to.dt }, rows, life }
  })
  const claims = new ClaimedTickers(living.map(({ entry }) => entry))
  const refined: RefinedUniverse = { universe: [], symbols: [] }
  for (const { entry, rows, life } of living) {
    const found = earlierTickersOf(entry, rows, { from: entry.from, to: entry.to })
    const applied = withTickers(entry, found.tickers)
    const conflict = applied === entry ? null : claims.conflict(applied)
    const contradictions = [...life.contradictions, ...found.contradictions]
    if (conflict !== null) {
      contradictions.push(
        `the earlier tickers of ${entry.symbol} (${found.tickers.map(({ symbol, to }) => `${symbol} to ${to}`).join(', ')}) are refused: ` +
          `${conflict.ticker} belongs to ${conflict.other} on ${conflict.dt}`,
      )
    } else if (applied !== entry) claims.replace(entry, applied)
    const isRefused = conflict !== null
    refined.universe.push(isRefused ? entry : applied)
    refined.symbols.push({
      ...life,
      symbol: entry.symbol,
      was: isRefused ? { tickers: [], stated: { by: 'universe' } } : { tickers: found.tickers, stated: found.stated },
      contradictions,
      suggestions: [...life.suggestions, ...found.suggestions],
      rows,
    })
  }
  return refined
}

/** The entry itself where there is nothing to add. */
const withTickers = (entry: Listing, tickers: EarlierTicker[]): Listing =>
  tickers.length === 0 || entry.was !== undefined ? entry : { ...entry, was: tickers }
