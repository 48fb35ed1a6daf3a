/** Which cells a lab vendor lacks: a list, or a deterministic scattering of it over a universe. */
import type { Dt } from '../../functions/_market/dt.ts'
import { draw, seedOf } from './chance.ts'
import type { UniverseEntry } from './synthetic-prices.ts'

export type BarVendor = 'alpaca' | 'massive'
export type BarDataset = 'equities_bars' | 'equities_bars_minute'

/** One cell that a vendor does not have (`missing`) or, minute bars only, has without a stretch of the session (`partial`). */
export interface Hole {
  vendor: BarVendor
  dataset: BarDataset
  symbol: string
  dt: Dt
  kind: 'missing' | 'partial'
}

/** Shares of all cells, 0 to 1. */
export interface HoleRates {
  alpacaOnly: number
  massiveOnly: number
  both: number
  /** Minute days of which Alpaca lacks a stretch. */
  alpacaPartial: number
}

const RATES: HoleRates = { alpacaOnly: 0.01, massiveOnly: 0.01, both: 0.002, alpacaPartial: 0.005 }

/**
 * Scatters holes over universe × sessions; the same arguments always give the same holes, and a cell's fate does not depend on
 * the other symbols or sessions in the list.
 */
export function makeHoles(
  seed: number,
  universe: readonly UniverseEntry[],
  sessions: readonly Dt[],
  options: { rates?: Partial<HoleRates>; datasets?: readonly BarDataset[] } = {},
): Hole[] {
  const rates = { ...RATES, ...options.rates }
  const holes: Hole[] = []
  for (const dataset of options.datasets ?? ['equities_bars', 'equities_bars_minute']) {
    for (const { symbol, from, to } of universe) {
      const own = seedOf(seed, 'holes', dataset, symbol)
      for (const dt of sessions) {
        if (dt < from || (to !== null && dt > to)) continue
        const cell = { dataset, symbol, dt } as const
        let lot = draw(seedOf(own, dt), 0)
        if (lot < rates.alpacaOnly + rates.both) holes.push({ vendor: 'alpaca', ...cell, kind: 'missing' })
        if (lot >= rates.alpacaOnly && lot < rates.alpacaOnly + rates.both + rates.massiveOnly) {
          holes.push({ vendor: 'massive', ...cell, kind: 'missing' })
        }
        lot -= rates.alpacaOnly + rates.both + rates.massiveOnly
        if (dataset === 'equities_bars_minute' && lot >= 0 && lot < rates.alpacaPartial) {
          holes.push({ vendor: 'alpaca', ...cell, kind: 'partial' })
        }
      }
    }
  }
  return holes
}

/** Answers for one vendor what became of a cell. Refuses a daily bar that is only partly there. */
export function holesOf(
  vendor: BarVendor,
  holes: readonly Hole[],
): (dataset: BarDataset, symbol: string, dt: Dt) => Hole['kind'] | undefined {
  const kinds = new Map<string, Hole['kind']>()
  for (const hole of holes) {
    if (hole.kind === 'partial' && hole.dataset === 'equities_bars') {
      throw new Error(
        `expected a partial hole to be in equities_bars_minute, got ${hole.symbol} ${hole.dt} in equities_bars`,
      )
    }
    if (hole.vendor === vendor) kinds.set(`${hole.dataset} ${hole.symbol} ${hole.dt}`, hole.kind)
  }
  return (dataset, symbol, dt) => kinds.get(`${dataset} ${symbol} ${dt}`)
}
