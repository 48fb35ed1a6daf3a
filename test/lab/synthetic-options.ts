/** Invented options on invented stocks: monthly contracts around the price they were listed at, traded now and then. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt, maxDt, minDt, weekday } from '../../functions/_market/dt.ts'
import { BoundedCache } from './bounded-cache.ts'
import { draw, seedOf } from './chance.ts'
import { midnightOf, newYorkDt, sessionOf } from './new-york.ts'
import { dailyOf } from './option-days.ts'
import { type LabContract, type OptionSource, occOf, partsOfOcc } from './option-source.ts'
import type { BarSource, LabBar } from './source.ts'

export interface SyntheticOptionsOptions {
  seed: number
  underliers: readonly string[]
  /** Raw bars of the underliers. */
  bars: BarSource
  /** Expiries lie between these days. */
  from: Dt
  to: Dt
}

/** Calendar days a contract is listed before its expiry. */
const LISTED_DAYS = 120
/** Strikes above and below the price. */
const STRIKES = 8
const VOLATILITY = 0.35
const YEAR_DAYS = 365
const ROWS_KEPT = 200_000

export function syntheticOptions(options: SyntheticOptionsOptions): OptionSource {
  const { seed, underliers, bars } = options
  const chains = new Map<string, Map<string, LabContract>>()
  const chainOf = (underlier: string): Map<string, LabContract> => {
    let chain = chains.get(underlier)
    if (!chain) {
      chain = underliers.includes(underlier) ? listChain(underlier, options) : new Map()
      chains.set(underlier, chain)
    }
    return chain
  }
  const contractOf = (symbol: string): LabContract | undefined => {
    const root = partsOfOcc(symbol)?.root
    const underlier = underliers.find((name) => rootOf(name) === root)
    return underlier === undefined ? undefined : chainOf(underlier).get(symbol)
  }
  const days = new BoundedCache<LabBar[]>(ROWS_KEPT, (rows) => rows.length + 1)
  const dayOf = (contract: LabContract, dt: Dt): LabBar[] =>
    days.get(`${contract.symbol} ${dt}`, () => tradesOf(seed, contract, dt, bars))
  const sessionsOf = (contract: LabContract | undefined, from: Dt, to: Dt): Dt[] =>
    contract ? calendarOf('xnys').sessions(maxDt(from, contract.listedDt), minDt(to, contract.expiry)) : []

  const source: BarSource = {
    symbols: () => [],
    daily(symbol, from, to) {
      const contract = contractOf(symbol)
      return contract ? sessionsOf(contract, from, to).flatMap((dt) => dailyOf(dayOf(contract, dt))) : []
    },
    minute(symbol, fromMs, toMs) {
      const contract = contractOf(symbol)
      if (!contract) return []
      return sessionsOf(contract, newYorkDt(fromMs), newYorkDt(toMs))
        .flatMap((dt) => dayOf(contract, dt))
        .filter((bar) => bar.ts >= fromMs && bar.ts <= toMs)
    },
    minuteDays: (symbol, from, to) => sessionsOf(contractOf(symbol), from, to),
    splits: () => [],
    lastSession: () => options.to,
    firstDaily: () => options.from,
    firstMinute: () => options.from,
  }
  return { underliers: () => [...underliers], contracts: (underlier) => [...chainOf(underlier).values()], bars: source }
}

/** OCC roots have no dot. */
const rootOf = (symbol: string): string => symbol.replace('.', '')

/** The third Fridays (or, when closed, the session before) of the months in [from, to]. */
function expiriesOf(from: Dt, to: Dt): Dt[] {
  const xnys = calendarOf('xnys')
  const found: Dt[] = []
  for (let month = `${from.slice(0, 7)}-01`; month <= to; month = `${addDays(month, 32).slice(0, 7)}-01`) {
    const friday = addDays(month, ((5 - weekday(month) + 7) % 7) + 14)
    if (friday > xnys.last) break
    const expiry = xnys.isSession(friday) ? friday : xnys.previous(friday)
    if (expiry >= from && expiry <= to) found.push(expiry)
  }
  return found
}

function listChain(underlier: string, { bars, from, to }: SyntheticOptionsOptions): Map<string, LabContract> {
  const contracts: LabContract[] = []
  for (const expiry of expiriesOf(from, to)) {
    const listed = calendarOf('xnys').sessions(addDays(expiry, -LISTED_DAYS), expiry)[0]
    const before = listed && bars.daily(underlier, addDays(listed, -10), addDays(listed, -1)).at(-1)?.c
    if (listed === undefined || !before) continue
    const step = before < 25 ? 1 : before < 100 ? 2.5 : before < 300 ? 5 : 25
    const middle = Math.round(before / step)
    for (let i = Math.max(1, middle - STRIKES); i <= middle + STRIKES; i++) {
      for (const right of ['call', 'put'] as const) {
        const parts = { root: rootOf(underlier), expiry, right, strike: i * step }
        const shares = Math.round(100 * ratioBetween(bars, underlier, listed, expiry))
        contracts.push({ symbol: occOf(parts), underlier, ...parts, listedDt: listed, shares })
      }
    }
  }
  contracts.sort((a, b) => (a.symbol < b.symbol ? -1 : 1))
  return new Map(contracts.map((contract) => [contract.symbol, contract]))
}

/** New shares for one old share over the splits that fall behind `from` and not behind `to`. */
function ratioBetween(bars: BarSource, underlier: string, from: Dt, to: Dt): number {
  return bars
    .splits(underlier)
    .filter((split) => split.exDt > from && split.exDt <= to)
    .reduce((ratio, split) => ratio * split.ratio, 1)
}

/** A day's minutes with a trade: many at the money, few far from it. Prices in cents, never below one. */
function tradesOf(seed: number, contract: LabContract, dt: Dt, bars: BarSource): LabBar[] {
  const session = sessionOf(dt)
  const stock = bars.daily(contract.underlier, dt, dt)[0]
  if (!session || !stock) return []
  const chance = seedOf(seed, 'option', contract.symbol, dt)
  // A contract listed before a split still is about the shares of its listing.
  const ratio = ratioBetween(bars, contract.underlier, contract.listedDt, dt)
  const [open, close] = [(stock.o ?? 0) * ratio, (stock.c ?? 0) * ratio]
  const distance = Math.abs(Math.log((close || 1) / contract.strike))
  const trades = Math.floor(draw(chance, 0) * 30 * Math.exp(-distance * 12))
  const minutes = (session.close - session.open) / 60_000
  const at = new Set<number>()
  for (let i = 0; i < trades; i++) at.add(Math.floor(draw(chance, i + 1) * minutes))
  const years = (midnightOf(contract.expiry) + 16 * 3_600_000 - session.open) / (YEAR_DAYS * 24 * 3_600_000)
  return [...at]
    .sort((a, b) => a - b)
    .map((minute) => {
      const spot = open + ((close - open) * minute) / minutes
      const value = premium(contract, spot, Math.max(years, 1 / (YEAR_DAYS * 24)))
      const [o, c] = [0, 1].map((n) => cents(value * (0.98 + 0.04 * draw(chance, 1_000 + minute * 2 + n)))) as [
        number,
        number,
      ]
      const v = 1 + Math.floor(20 * draw(chance, 3_000 + minute) ** 3)
      const vw = Math.round(((o + c) / 2) * 1e6) / 1e6
      return {
        ts: session.open + minute * 60_000,
        dt,
        o,
        h: Math.max(o, c),
        l: Math.min(o, c),
        c,
        v,
        n: Math.ceil(v / 4),
        vw,
      }
    })
}

const cents = (price: number): number => Math.max(1, Math.round(price * 100)) / 100

/**
 * Worth now plus time value: the at-the-money approximation 0.4 σ S √T of Brenner and Subrahmanyam (1988), fading with the
 * distance of the strike. Plausible, not arbitrage-free.
 */
function premium(contract: LabContract, spot: number, years: number): number {
  const { right, strike } = contract
  const intrinsic = Math.max(0, right === 'call' ? spot - strike : strike - spot)
  const spread = VOLATILITY * Math.sqrt(years)
  const distance = Math.log(spot / strike) / spread
  return intrinsic + 0.4 * spread * spot * Math.exp(-0.5 * distance * distance - 0.4 * Math.abs(distance))
}
