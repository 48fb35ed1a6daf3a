/** What one node of the benchmark is given: faulty and clean rows, the actions that vendors tell of, and what is known of each cell. */
import type { Dt } from '../../functions/_market/dt.ts'
import { draw, seedOf } from '../lab/chance.ts'
import type { Day, FaultClass, Injected } from './fault.ts'

export interface EvalAction {
  symbol: string
  exDt: Dt
  kind: 'split' | 'cash_dividend'
  /** New shares for an old one, or dollars a share. */
  value: number
}

/** One injected fault. */
export interface Injection {
  fault: FaultClass
  symbol: string
  labels: readonly Dt[]
}

export interface Scene {
  name: string
  /** The last session of its node. */
  asof: Dt
  rows: Record<Injected, Map<string, readonly Day[]>>
  /** What a second vendor has; null where there is none. */
  second: Record<Injected, Map<string, readonly Day[]>> | null
  actions: EvalAction[]
  injections: Injection[]
  /** Cells that no figure of clean cells counts: faulty ones, as `dataset symbol dt`. */
  touched: Set<string>
  /** Clean cells beside a faulty one, or of the other dataset on its day: counted apart. */
  beside: Set<string>
  /** Real or modelled large moves: they may be AMBER, never RED. As `dataset symbol dt`. */
  events: Map<string, string>
}

export const cellOf = (dataset: string, symbol: string, dt: Dt): string => `${dataset} ${symbol} ${dt}`

export const emptyScene = (name: string, asof: Dt): Scene => ({
  name,
  asof,
  rows: { equities_bars: new Map(), equities_bars_minute: new Map() },
  second: null,
  actions: [],
  injections: [],
  touched: new Set(),
  beside: new Set(),
  events: new Map(),
})

/** Draws that follow one another: a pure function of the seed. */
export function drawsOf(seed: number, ...words: (string | number)[]): () => number {
  const own = seedOf(seed, ...words)
  let n = 0
  return () => draw(own, n++)
}

/** Another order of the same items, the same for the same draws. */
export function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const order = items.map((item) => ({ item, at: random() }))
  return order.sort((a, b) => a.at - b.at).map(({ item }) => item)
}
