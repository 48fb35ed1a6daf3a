/** Bars that cost next to nothing to make: a benchmark of the node must not measure its lab. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt, dayNumber } from '../../functions/_market/dt.ts'
import { seedOf } from '../lab/chance.ts'
import { endOfDay, midnightOf, newYorkDt, sessionOf } from '../lab/new-york.ts'
import type { BarSource, LabBar } from '../lab/source.ts'

type Prices = Record<'o' | 'h' | 'l' | 'c' | 'v' | 'vw' | 'n', number>

const PATTERN = 4_096
const MINUTE = 60_000
/** Minutes before the open that have a trade, as a liquid name has them. */
export const EARLY_MINUTES = 30

/** Waves whose lengths divide the pattern, so that it closes without a step: length in days, height as a share of the price. */
const WAVES = [
  [4_096, 0.5],
  [512, 0.1],
  [64, 0.03],
  [16, 0.01],
] as const

/** Days that repeat after eleven years, with as many digits as real ones: what quality control would hold costs a second vendor's call. */
const PATTERNS: Prices[] = Array.from({ length: PATTERN }, (_, at) => {
  const share = WAVES.reduce((sum, [length, height]) => sum + height * Math.sin((2 * Math.PI * at) / length), 0)
  const cents = Math.round(12_000 * Math.exp(share)) + (seedOf(3, at) % 90)
  const up = (seedOf(5, at) % 120) - 60
  const v = 500_000 + (seedOf(7, at) % 400_000)
  const price = (value: number): number => value / 100
  return {
    o: price(cents),
    h: price(cents + Math.max(0, up) + 20 + (seedOf(9, at) % 40)),
    l: price(cents + Math.min(0, up) - 20 - (seedOf(13, at) % 40)),
    c: price(cents + up),
    v,
    vw: (cents * 10_000 + (seedOf(9, at) % 9_000)) / 1e6,
    n: 1 + (v >> 7),
  }
})

/** The minute `at` of a session of so many: from the day's open to its close, by its high and its low, and all of its volume. */
function minuteOf(day: Prices, seed: number, at: number, minutes: number): Prices {
  const [third, twoThirds] = [Math.floor(minutes / 3), Math.floor((2 * minutes) / 3)]
  const cents = (value: number): number => Math.round(value * 100) / 100
  const near = (value: number): number => Math.min(day.h, Math.max(day.l, value))
  const priceAt = (minute: number): number =>
    cents(near(day.o + ((day.c - day.o) * Math.max(0, minute)) / minutes + ((seedOf(seed, minute) % 21) - 10) / 100))
  const [o, c] = [at === 0 ? day.o : priceAt(at), at === minutes - 1 ? day.c : priceAt(at + 1)]
  const v = Math.max(1, Math.floor(day.v / minutes) + (seedOf(seed, at) % 200) - 100)
  return {
    o,
    c,
    h: at === third ? day.h : cents(near(Math.max(o, c) + (seedOf(at, seed) % 4) / 100)),
    l: at === twoThirds ? day.l : cents(near(Math.min(o, c) - (seedOf(at, seed + 1) % 4) / 100)),
    v,
    vw: (o + c) / 2,
    n: 1 + (v >> 7),
  }
}

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
        const [offset, day] = [offsets.get(symbol) as number, dayNumber(dt)]
        const bar = pricesAt(offset, day)
        const minutes = stampsOf(dt).length - EARLY_MINUTES
        const isWhole = fromMs <= midnightOf(dt) && toMs >= endOfDay(dt)
        for (const [at, ts] of stampsOf(dt).entries()) {
          if (isWhole || (ts >= fromMs && ts <= toMs))
            bars.push({ ts, dt, ...minuteOf(bar, offset + day, at - EARLY_MINUTES, minutes) })
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
