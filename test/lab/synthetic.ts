/** A market that never was: bars and yields from one seed, the same truth for every vendor, minus the holes of each. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { type Dt, maxDt, minDt } from '../../functions/_market/dt.ts'
import { draw, seedOf } from './chance.ts'
import { type BarVendor, type Hole, holesOf } from './holes.ts'
import { endOfDay, midnightOf, newYorkDt, sessionOf } from './new-york.ts'
import type { BarSource, LabBar } from './source.ts'
import { minuteBars } from './synthetic-minutes.ts'
import { dayPrices, temperOf, type UniverseEntry } from './synthetic-prices.ts'

export { type Hole, makeHoles } from './holes.ts'
export type { UniverseEntry } from './synthetic-prices.ts'
export { syntheticYields } from './synthetic-yields.ts'

export interface SyntheticOptions {
  seed: number
  universe: readonly UniverseEntry[]
  /** Whose holes apply; sources of one seed and universe differ in nothing else. */
  vendor: BarVendor
  holes?: readonly Hole[]
}

/** Bars of a universe over the years the XNYS calendar vouches for. The lab's servers hide what lies in the future of their clock. */
export function syntheticBars({ seed, universe, vendor, holes = [] }: SyntheticOptions): BarSource {
  const tempers = new Map(universe.map((entry) => [entry.symbol, temperOf(seed, entry)]))
  const fate = holesOf(vendor, holes)

  const sessionsOf = (symbol: string, from: Dt, to: Dt): Dt[] => {
    const entry = tempers.get(symbol)?.entry
    if (!entry) return []
    return calendarOf('xnys').sessions(maxDt(from, entry.from), entry.to === null ? to : minDt(to, entry.to))
  }
  const first = universe.reduce<Dt | undefined>((least, { from }) => (least && least < from ? least : from), undefined)

  return {
    symbols: () => [...tempers.keys()],
    daily(symbol, from, to) {
      const bars: LabBar[] = []
      for (const dt of sessionsOf(symbol, from, to)) {
        const temper = tempers.get(symbol)
        const session = sessionOf(dt)
        if (!temper || !session || fate('equities_bars', symbol, dt)) continue
        bars.push({ ts: midnightOf(dt), dt, ...dayPrices(temper, session) })
      }
      return bars
    },
    minute(symbol, fromMs, toMs) {
      const temper = tempers.get(symbol)
      if (!temper || toMs < fromMs) return []
      const bars: LabBar[] = []
      for (const dt of this.minuteDays(symbol, newYorkDt(fromMs), newYorkDt(toMs))) {
        const session = sessionOf(dt)
        if (!session) continue
        let day = minuteBars(temper, session)
        if (fate('equities_bars_minute', symbol, dt) === 'partial') {
          const [start, end] = lostStretch(seed, symbol, dt, session.open, session.close)
          day = day.filter((bar) => bar.ts < start || bar.ts >= end)
        }
        const isWhole = fromMs <= midnightOf(dt) && toMs >= endOfDay(dt)
        for (const bar of day) if (isWhole || (bar.ts >= fromMs && bar.ts <= toMs)) bars.push(bar)
      }
      return bars
    },
    minuteDays: (symbol, from, to) =>
      sessionsOf(symbol, from, to).filter((dt) => fate('equities_bars_minute', symbol, dt) !== 'missing'),
    splits: (symbol) => tempers.get(symbol)?.entry.splits ?? [],
    lastSession: () => {
      const lasts = universe.map((entry) => entry.to ?? calendarOf('xnys').last)
      return lasts.length === 0 ? undefined : lasts.reduce(maxDt)
    },
    firstDaily: () => first,
    firstMinute: () => first,
  }
}

/** The stretch a partial day lacks: a quarter to a half of the session, somewhere in it. */
function lostStretch(seed: number, symbol: string, dt: Dt, open: number, close: number): [number, number] {
  const chance = seedOf(seed, 'lost', symbol, dt)
  const length = (0.25 + 0.25 * draw(chance, 0)) * (close - open)
  const start = open + draw(chance, 1) * (close - open - length)
  return [start, start + length]
}
