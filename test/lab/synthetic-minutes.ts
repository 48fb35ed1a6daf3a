/** Invented minute bars that add up to the day they belong to: same open, high, low, close and volume in regular hours. */
import type { Session } from '../../functions/_calendar/session.ts'
import { draw, seedOf } from './chance.ts'
import { midnightOf } from './new-york.ts'
import type { LabBar } from './source.ts'
import { type DayPrices, dayPrices, type Temper, toSix, toTick } from './synthetic-prices.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE

/** All minutes of a day that had a trade, ascending, from 04:00 to 20:00 (17:00 on a half day). */
export function minuteBars(temper: Temper, session: Session): LabBar[] {
  const day = dayPrices(temper, session)
  const midnight = midnightOf(session.dt)
  const isHalf = session.close - midnight < 16 * HOUR
  return [
    ...extended(temper, session, midnight + 4 * HOUR, session.open, day.o),
    ...regular(temper, session, day),
    ...extended(temper, session, session.close, midnight + (isHalf ? 17 : 20) * HOUR, day.c),
  ]
}

/** Sparse trades before the open and after the close, near the price of that edge. */
function extended(temper: Temper, session: Session, from: number, to: number, near: number): LabBar[] {
  const chance = seedOf(temper.seed, 'extended', session.dt, from === session.close ? 1 : 0)
  const share = temper.entry.thin ? 0.01 : 0.08
  const bars: LabBar[] = []
  for (let ts = from, i = 0; ts < to; ts += MINUTE, i += 4) {
    if (draw(chance, i) >= share) continue
    const o = toTick(near * (1 + (draw(chance, i + 1) - 0.5) * 0.004), temper.ticks)
    const c = toTick(near * (1 + (draw(chance, i + 2) - 0.5) * 0.004), temper.ticks)
    const v = 1 + Math.floor(draw(chance, i + 3) * 1_500)
    const n = 1 + Math.floor(v / temper.lot)
    bars.push({ ts, dt: session.dt, o, h: Math.max(o, c), l: Math.min(o, c), c, v, vw: toSix((o + c) / 2), n })
  }
  return bars
}

/** Minutes with a trade; never fewer than two, so that a day has both an open and a close. */
function tradedMinutes(temper: Temper, session: Session, chance: number): number[] {
  const all = Array.from({ length: (session.close - session.open) / MINUTE }, (_, i) => i)
  const traded = all.filter((i) => draw(chance, i) < temper.liquidity)
  return traded.length >= 2 ? traded : [0, all.length - 1]
}

function regular(temper: Temper, session: Session, day: DayPrices): LabBar[] {
  const chance = seedOf(temper.seed, 'minutes', session.dt)
  const minutes = tradedMinutes(temper, session, chance)
  const count = minutes.length
  const path = bridge(seedOf(chance, 'path'), count, day, temper.ticks)
  const volumes = shares(seedOf(chance, 'volume'), minutes, (session.close - session.open) / MINUTE, day.v)
  const wick = seedOf(chance, 'wick')
  const bars: LabBar[] = minutes.map((minute, i) => {
    const o = path[i] as number
    const c = path[i + 1] as number
    const reach = Math.max(o, c) * 0.0006
    const h = Math.min(day.h, toTick(Math.max(o, c) + draw(wick, 2 * i) * reach, temper.ticks))
    const l = Math.max(day.l, toTick(Math.min(o, c) - draw(wick, 2 * i + 1) * reach, temper.ticks))
    const v = volumes[i] as number
    const ts = session.open + minute * MINUTE
    return {
      ts,
      dt: session.dt,
      o,
      h: Math.max(h, o, c),
      l: Math.min(l, o, c),
      c,
      v,
      n: 1 + Math.floor(v / temper.lot),
    }
  })
  // The day's high and low happened in the minutes that came nearest to them.
  const top = bars.reduce((best, bar) => ((bar.h as number) > (best.h as number) ? bar : best))
  const bottom = bars.reduce((best, bar) => ((bar.l as number) < (best.l as number) ? bar : best))
  top.h = day.h
  bottom.l = day.l
  for (const bar of bars)
    bar.vw = toSix(((bar.o as number) + (bar.h as number) + (bar.l as number) + (bar.c as number)) / 4)
  return bars
}

/** A random walk tied to the day's open at its start and to its close at its end, kept between low and high. */
function bridge(chance: number, count: number, day: DayPrices, ticks: number): number[] {
  const walk = [0]
  for (let i = 1; i <= count; i++) walk.push((walk[i - 1] as number) + draw(chance, i) - 0.5)
  const end = walk[count] as number
  const tied = walk.map((value, i) => value - (end * i) / count)
  const widest = tied.reduce((most, value) => Math.max(most, Math.abs(value)), 1e-9)
  const swing = (0.6 * (day.h - day.l)) / widest
  return tied.map((value, i) => {
    const straight = day.o + ((day.c - day.o) * i) / count
    const price = i === 0 ? day.o : i === count ? day.c : toTick(straight + value * swing, ticks)
    return Math.min(day.h, Math.max(day.l, price))
  })
}

/** Splits the day's volume over its minutes: much at both ends, little at noon, at least one share each, exactly in sum. */
function shares(chance: number, minutes: number[], length: number, volume: number): number[] {
  const weights = minutes.map((minute, i) => {
    const x = (2 * minute) / length - 1
    return (0.5 + 2 * x * x) * (0.4 + draw(chance, i))
  })
  const total = weights.reduce((sum, weight) => sum + weight, 0)
  const spare = volume - minutes.length
  let given = 0
  let seen = 0
  return weights.map((weight, i) => {
    seen += weight
    const upTo = i === weights.length - 1 ? spare : Math.floor((seen / total) * spare)
    const share = upTo - given
    given = upTo
    return share + 1
  })
}
