/** Bars that cost next to nothing to make: a benchmark of the node must not measure its lab. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt, dayNumber } from '../../functions/_market/dt.ts'
import { seedOf } from '../lab/chance.ts'
import { endOfDay, midnightOf, newYorkDt, sessionOf } from '../lab/new-york.ts'
import type { BarSource, LabBar } from '../lab/source.ts'

type Prices = Omit<LabBar, 'ts' | 'dt'>

const PATTERN = 4_096
const MINUTE = 60_000
/** Minutes before the open that have a trade, as a liquid name has them. */
export const EARLY_MINUTES = 30

/** Price moves that repeat, with as many digits as real ones. */
const PATTERNS: Prices[] = Array.from({ length: PATTERN }, (_, at) => {
  const cents = 4_000 + (seedOf(3, at) % 30_000)
  const up = seedOf(5, at) % 120
  const v = 500 + (seedOf(7, at) % 900_000)
  const price = (value: number): number => value / 100
  return {
    o: price(cents),
    h: price(cents + up + 20),
    l: price(cents - 30),
    c: price(cents + up),
    v,
    vw: (cents * 10_000 + (seedOf(9, at) % 900_000)) / 1e6,
    n: 1 + (v >> 7),
  }
})

/** The bars of `symbols`, all of them listed always. */
export function benchBars(symbols: readonly string[]): BarSource {
  const offsets = new Map(symbols.map((symbol) => [symbol, seedOf(11, symbol) % PATTERN]))
  const xnys = calendarOf('xnys')
  const days = new Map<Dt, number[]>()
  const pricesAt = (offset: number, at: number): Prices => PATTERNS[(offset + at) % PATTERN] as Prices

  const sessionsOf = (symbol: string, from: Dt, to: Dt): Dt[] => {
    if (!offsets.has(symbol)) return []
    if (from === to) return xnys.isSession(from) ? [from] : []
    return xnys.sessions(from, to)
  }
  const stampsOf = (dt: Dt): number[] => {
    let stamps = days.get(dt)
    if (stamps === undefined) {
      const session = sessionOf(dt)
      const open = session?.open ?? 0
      const count = session ? (session.close - open) / MINUTE + EARLY_MINUTES : 0
      stamps = Array.from({ length: count }, (_, at) => open + (at - EARLY_MINUTES) * MINUTE)
      days.set(dt, stamps)
    }
    return stamps
  }

  return {
    symbols: () => [...symbols],
    daily: (symbol, from, to) =>
      sessionsOf(symbol, from, to).map((dt) => ({
        ts: midnightOf(dt),
        dt,
        ...pricesAt(offsets.get(symbol) as number, dayNumber(dt)),
      })),
    minute: (symbol, fromMs, toMs) => {
      if (toMs < fromMs) return []
      const bars: LabBar[] = []
      for (const dt of sessionsOf(symbol, newYorkDt(fromMs), newYorkDt(toMs))) {
        const offset = (offsets.get(symbol) as number) + dayNumber(dt) * 7
        const isWhole = fromMs <= midnightOf(dt) && toMs >= endOfDay(dt)
        for (const [at, ts] of stampsOf(dt).entries()) {
          if (isWhole || (ts >= fromMs && ts <= toMs)) bars.push({ ts, dt, ...pricesAt(offset, at) })
        }
      }
      return bars
    },
    minuteDays: sessionsOf,
    splits: () => [],
    lastSession: () => addDays(xnys.last, 0),
    firstDaily: () => xnys.first,
    firstMinute: () => xnys.first,
  }
}
