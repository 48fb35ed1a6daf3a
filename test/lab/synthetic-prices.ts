/** Invented daily prices: each day is a pure function of seed, symbol and date, so any day can be had without the days before it. */
import type { Session } from '../../functions/_calendar/session.ts'
import { dayNumber } from '../../functions/_market/dt.ts'
import { draw, seedOf } from './chance.ts'
import type { LabSplit } from './source.ts'

/** One listed symbol: `to` is its last day, null while it still trades. */
export interface UniverseEntry {
  symbol: string
  from: string
  to: string | null
  /** Earlier tickers, oldest first, each with its last day: its bars of those days are found under them. */
  was?: readonly { symbol: string; to: string }[] | undefined
  /** Many of its minutes have no trade. */
  thin?: boolean
  /** Around this price, before any split; absent: drawn. */
  price?: number
  splits?: LabSplit[]
}

/** What is true of a symbol on every day. */
export interface Temper {
  seed: number
  entry: UniverseEntry
  price: number
  /** Shares on an ordinary day. */
  volume: number
  /** Shares in an ordinary trade. */
  lot: number
  /** Share of minutes with a trade. */
  liquidity: number
  /** Prices are whole multiples of one over this. */
  ticks: number
}

/** A day's regular hours in one bar. */
export interface DayPrices {
  o: number
  h: number
  l: number
  c: number
  v: number
  n: number
  vw: number
}

const OCTAVES = 12
const DAILY_SWING = 0.01

export function temperOf(seed: number, entry: UniverseEntry): Temper {
  const own = seedOf(seed, entry.symbol)
  const price = entry.price ?? Math.exp(Math.log(8) + draw(own, 1) * Math.log(40))
  const scale = draw(own, 2)
  return {
    seed: own,
    entry,
    price,
    volume: entry.thin ? 40_000 * 10 ** scale : 400_000 * 10 ** (2 * scale),
    lot: 60 + draw(own, 3) * 140,
    liquidity: entry.thin ? 0.45 + 0.4 * draw(own, 4) : 1,
    ticks: price < 4 ? 10_000 : draw(own, 5) < 0.25 ? 200 : 100,
  }
}

/**
 * The price curve at a day: noise of twelve time scales, one day to 2,048 days, each swinging with the square root of its
 * period like a random walk, but addressable at any day. (Value noise by octaves, as in procedural graphics.)
 */
function curve(temper: Temper, day: number): number {
  let sum = 0
  for (let octave = 0; octave < OCTAVES; octave++) {
    const at = day / 2 ** octave
    const left = Math.floor(at)
    const a = draw(temper.seed + octave, left)
    const b = draw(temper.seed + octave, left + 1)
    sum += DAILY_SWING * Math.sqrt(2 ** octave) * (2 * (a + (b - a) * (at - left)) - 1)
  }
  return temper.price * Math.exp(sum)
}

/** Prices before a split are higher by its ratio. */
function splitFactor(temper: Temper, dt: string): number {
  let factor = 1
  for (const split of temper.entry.splits ?? []) if (split.exDt > dt) factor *= split.ratio
  return factor
}

export const toTick = (price: number, ticks: number): number => Math.max(1, Math.round(price * ticks)) / ticks
export const toSix = (price: number): number => Math.round(price * 1e6) / 1e6

export function dayPrices(temper: Temper, session: Session): DayPrices {
  const { ticks } = temper
  const day = dayNumber(session.dt)
  const chance = seedOf(temper.seed, 'day', day)
  const factor = splitFactor(temper, session.dt)
  const gap = 1 + (draw(chance, 1) - 0.5) * 0.008
  const o = toTick(curve(temper, day - 1) * gap * factor, ticks)
  const c = toTick(curve(temper, day) * factor, ticks)
  const h = Math.max(o, c, toTick(Math.max(o, c) * (1 + draw(chance, 2) * 0.012), ticks))
  const l = Math.min(o, c, toTick(Math.min(o, c) * (1 - draw(chance, 3) * 0.012), ticks))
  const minutes = (session.close - session.open) / 60_000
  const mood = Math.exp((draw(chance, 4) + draw(chance, 5) - 1) * 0.8)
  // Every minute with a trade needs a share at the least, so a day never has fewer than a hundred per minute.
  const v = Math.round(Math.max(100 * minutes, (temper.volume * mood * minutes) / 390) / factor) + 400
  return { o, h, l, c, v, n: Math.max(1, Math.floor(v / temper.lot)), vw: toSix((o + h + l + c) / 4) }
}
