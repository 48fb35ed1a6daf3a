/** A market that never was: bars and yields from one seed, the same truth for every vendor, minus the holes of each. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { addDays, type Dt, maxDt, minDt } from '../../functions/_market/dt.ts'
import { draw, seedOf } from './chance.ts'
import { type BarVendor, type Hole, holesOf } from './holes.ts'
import { endOfDay, midnightOf, newYorkDt, sessionOf } from './new-york.ts'
import type { BarSource, LabBar } from './source.ts'
import { minuteBars } from './synthetic-minutes.ts'
import { dayPrices, type Temper, temperOf, type UniverseEntry } from './synthetic-prices.ts'

export { type Hole, makeHoles } from './holes.ts'
export type { UniverseEntry } from './synthetic-prices.ts'
export { syntheticYields } from './synthetic-yields.ts'

export interface SyntheticOptions {
  seed: number
  universe: readonly UniverseEntry[]
  /** Whose holes apply; sources of one seed and universe differ in nothing else. */
  vendor: BarVendor
  holes?: readonly Hole[]
  /** Whether a ticker outside the universe has bars as well, of a company that always lived. */
  knowsAll?: boolean
}

/** A ticker as exchanges give them out; a longer one is no company's. */
const TICKER = /^[A-Z]{1,5}(?:[.-][A-Z]{1,2})?$/

/** Bars of a universe over the years the XNYS calendar vouches for. The lab's servers hide what lies in the future of their clock. */
export function syntheticBars({ seed, universe, vendor, holes = [], knowsAll = false }: SyntheticOptions): BarSource {
  const listed = new Map(universe.flatMap((entry) => listingsOf(seed, entry)).map((one) => [one.ticker, one]))
  const listings = knowsAll ? withInvented(seed, listed) : listed
  const fate = holesOf(vendor, holes)

  const sessionsOf = (symbol: string, from: Dt, to: Dt): Dt[] => {
    const listing = listings.get(symbol)
    if (!listing) return []
    return calendarOf('xnys').sessions(maxDt(from, listing.from), listing.to === null ? to : minDt(to, listing.to))
  }
  const first = universe.reduce<Dt | undefined>((least, { from }) => (least && least < from ? least : from), undefined)

  return {
    symbols: () => [...listings.keys()],
    daily(symbol, from, to) {
      const bars: LabBar[] = []
      for (const dt of sessionsOf(symbol, from, to)) {
        const temper = listings.get(symbol)?.temper
        const session = sessionOf(dt)
        if (!temper || !session || fate('equities_bars', temper.entry.symbol, dt)) continue
        bars.push({ ts: midnightOf(dt), dt, ...dayPrices(temper, session) })
      }
      return bars
    },
    minute(symbol, fromMs, toMs) {
      const temper = listings.get(symbol)?.temper
      if (!temper || toMs < fromMs) return []
      const bars: LabBar[] = []
      for (const dt of this.minuteDays(symbol, newYorkDt(fromMs), newYorkDt(toMs))) {
        const session = sessionOf(dt)
        if (!session) continue
        let day = minuteBars(temper, session)
        if (fate('equities_bars_minute', temper.entry.symbol, dt) === 'partial') {
          const [start, end] = lostStretch(seed, temper.entry.symbol, dt, session.open, session.close)
          day = day.filter((bar) => bar.ts < start || bar.ts >= end)
        }
        const isWhole = fromMs <= midnightOf(dt) && toMs >= endOfDay(dt)
        for (const bar of day) if (isWhole || (bar.ts >= fromMs && bar.ts <= toMs)) bars.push(bar)
      }
      return bars
    },
    minuteDays: (symbol, from, to) =>
      sessionsOf(symbol, from, to).filter(
        (dt) => fate('equities_bars_minute', listings.get(symbol)?.temper.entry.symbol ?? symbol, dt) !== 'missing',
      ),
    splits: (symbol) => listings.get(symbol)?.temper.entry.splits ?? [],
    tickers: (symbol, asof) => {
      const listing = listings.get(symbol)
      const { symbol: last, was = [] } = listing?.temper.entry ?? { symbol }
      // Nobody took over the ticker of a company that is gone: it still is that company's.
      const hadIt = listing && asof >= listing.from && (listing.to === null || asof <= listing.to || symbol === last)
      return hadIt ? [...was.map((name) => name.symbol), last] : []
    },
    lastSession: () => {
      const lasts = universe.map((entry) => entry.to ?? calendarOf('xnys').last)
      return lasts.length === 0 ? undefined : lasts.reduce(maxDt)
    },
    firstDaily: () => first,
    firstMinute: () => first,
  }
}

/** Finds a listing for every well-formed ticker; only those that were asked about are in the list. */
function withInvented(seed: number, listed: Map<string, Listing>): Pick<Map<string, Listing>, 'get' | 'keys'> {
  const from = calendarOf('xnys').first
  return {
    keys: () => listed.keys(),
    get(ticker) {
      if (!listed.has(ticker) && TICKER.test(ticker)) {
        for (const listing of listingsOf(seed, { symbol: ticker, from, to: null })) listed.set(ticker, listing)
      }
      return listed.get(ticker)
    },
  }
}

/** A ticker over the days on which it was one company's. */
interface Listing {
  ticker: string
  temper: Temper
  from: Dt
  to: Dt | null
}

/** One listing for each name a company had. */
function listingsOf(seed: number, entry: UniverseEntry): Listing[] {
  const temper = temperOf(seed, entry)
  const names = [...(entry.was ?? []), { symbol: entry.symbol, to: entry.to }]
  return names.map(({ symbol, to }, at) => {
    const before = names[at - 1]?.to
    return { ticker: symbol, temper, from: before ? addDays(before, 1) : entry.from, to }
  })
}

/** The stretch a partial day lacks: a quarter to a half of the session, somewhere in it. */
function lostStretch(seed: number, symbol: string, dt: Dt, open: number, close: number): [number, number] {
  const chance = seedOf(seed, 'lost', symbol, dt)
  const length = (0.25 + 0.25 * draw(chance, 0)) * (close - open)
  const start = open + draw(chance, 1) * (close - open - length)
  return [start, start + length]
}
