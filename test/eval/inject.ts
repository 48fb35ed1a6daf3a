/** Puts faults into the clean days of a symbol, far enough from each other that none explains or hides another. Pure but for the scene it fills. */
import type { Day, FaultClass, Injected } from './fault.ts'
import { cellOf, drawsOf, type Scene, shuffled } from './scene.ts'

/** Sessions a slot of each dataset is long, and the first that may be faulty in it. */
export const SLOTS: Record<Injected, { length: number; from: number; to: number }> = {
  equities_bars: { length: 48, from: 15, to: 30 },
  equities_bars_minute: { length: 4, from: 2, to: 2 },
}
/** Sessions at a symbol's beginning that stay clean: from them its baselines are learned. */
export const CLEAN_START: Record<Injected, number> = { equities_bars: 60, equities_bars_minute: 4 }
/** Cells this near to a faulty one are counted apart. */
const BESIDE = 2

/** Spreads `faults` over the slots of the symbols, in an order of the seed. Returns how many slots stayed clean; throws when there are too few. */
export function injectIntoSlots(
  scene: Scene,
  dataset: Injected,
  faults: readonly FaultClass[],
  symbols: readonly string[],
  seed: number,
): number {
  const { length } = SLOTS[dataset]
  const random = drawsOf(seed, 'slots', scene.name, dataset)
  const slots = symbols.flatMap((symbol) => {
    const days = scene.rows[dataset].get(symbol) ?? []
    const count = Math.max(0, Math.floor((days.length - CLEAN_START[dataset]) / length))
    return Array.from({ length: count }, (_, at) => ({ symbol, from: CLEAN_START[dataset] + at * length }))
  })
  if (slots.length < faults.length)
    throw new Error(`expected a slot for each of ${faults.length} faults in ${dataset}, got ${slots.length}`)
  const chosen = shuffled(slots, random).slice(0, faults.length)
  const bySymbol = new Map<string, { from: number; fault: FaultClass }[]>()
  for (const [at, { symbol, from }] of chosen.entries()) {
    const fault = faults[at] as FaultClass
    bySymbol.set(symbol, [...(bySymbol.get(symbol) ?? []), { from, fault }])
  }
  for (const [symbol, own] of bySymbol) injectAll(scene, dataset, symbol, own, seed)
  return slots.length - faults.length
}

function injectAll(
  scene: Scene,
  dataset: Injected,
  symbol: string,
  own: readonly { from: number; fault: FaultClass }[],
  seed: number,
): void {
  const clean = scene.rows[dataset].get(symbol) ?? []
  const { length, from: first, to: last } = SLOTS[dataset]
  const made: Day[] = []
  let done = 0
  for (const { from, fault } of own.toSorted((a, b) => a.from - b.from)) {
    made.push(...clean.slice(done, from))
    const window = clean.slice(from, from + length)
    const random = drawsOf(seed, fault.name, symbol, from)
    const at = first + Math.floor(random() * (last - first + 1))
    made.push(...record(scene, fault, symbol, window, at, random))
    done = from + length
  }
  scene.rows[dataset].set(symbol, [...made, ...clean.slice(done)])
}

/** Breaks a symbol of its own. */
export function injectIntoSymbol(scene: Scene, fault: FaultClass, symbol: string, seed: number): void {
  const days = scene.rows[fault.dataset].get(symbol) ?? []
  const random = drawsOf(seed, fault.name, symbol)
  const at = Math.floor(days.length * (0.3 + 0.5 * random()))
  scene.rows[fault.dataset].set(symbol, record(scene, fault, symbol, days, at, random))
}

function record(
  scene: Scene,
  fault: FaultClass,
  symbol: string,
  window: readonly Day[],
  at: number,
  random: () => number,
): readonly Day[] {
  const { days, labels, splits = [] } = fault.inject(window, at, random)
  scene.injections.push({ fault, symbol, labels })
  for (const { exDt, ratio } of splits) scene.actions.push({ symbol, exDt, kind: 'split', value: ratio })
  const isClean = new Set(window.flatMap(({ rows }) => [rows]))
  const broken = days.flatMap(({ dt, rows }) => (isClean.has(rows) ? [] : [dt])).concat(labels)
  const isBroken = new Set(broken)
  for (const [place, { dt }] of window.entries()) {
    // Of a symbol of its own no cell is called clean.
    const isOwn = fault.window === 'symbol'
    if (isOwn || isBroken.has(dt)) scene.touched.add(cellOf(fault.dataset, symbol, dt))
    const near = window.slice(Math.max(0, place - BESIDE), place + BESIDE + 1)
    if (isOwn || near.some((day) => isBroken.has(day.dt)))
      for (const dataset of ['equities_bars', 'equities_bars_minute']) scene.beside.add(cellOf(dataset, symbol, dt))
  }
  return days
}
