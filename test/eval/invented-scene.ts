/** A scene of the lab's invented companies, three years of days and some weeks of minutes, with modelled crashes, earnings, splits and dividends. */
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { seedOf } from '../lab/chance.ts'
import { midnightOf } from '../lab/new-york.ts'
import type { BarSource, LabBar } from '../lab/source.ts'
import { syntheticBars } from '../lab/synthetic.ts'
import { type Day, type EvalRow, type FaultClass, type Injected, scaled } from './fault.ts'
import { injectIntoSlots, injectIntoSymbol, SLOTS } from './inject.ts'
import { cellOf, drawsOf, emptyScene, type Scene } from './scene.ts'
import { asSecondVendor } from './second-vendor.ts'

export interface SceneSize {
  /** Faults of each class. */
  repetitions: number
  /** First session of the daily bars. */
  from: Dt
  minuteSessions: number
  /** Symbols that stay as they are. */
  cleanDaily: number
  cleanMinute: number
}

export const WHOLE: SceneSize = {
  repetitions: 24,
  from: '2023-01-03',
  minuteSessions: 36,
  cleanDaily: 120,
  cleanMinute: 10,
}
export const QUICK: SceneSize = {
  repetitions: 3,
  from: '2024-10-01',
  minuteSessions: 20,
  cleanDaily: 12,
  cleanMinute: 3,
}

const ASOF = '2025-12-30'
/** Close to close of the S&P 500, as it fell and rose: April 2025 on its days; March 2020 set in May 2024, so that one scene holds both. */
const SHOCKS: Record<Dt, number> = {
  '2024-05-06': -0.076,
  '2024-05-07': 0.049,
  '2024-05-08': -0.049,
  '2024-05-09': -0.095,
  '2024-05-10': 0.093,
  '2024-05-13': -0.12,
  '2024-05-14': 0.06,
  '2024-05-15': -0.052,
  '2024-05-21': 0.094,
  '2025-04-03': -0.048,
  '2025-04-04': -0.06,
  '2025-04-09': 0.095,
  '2025-04-10': -0.035,
}
const EARNINGS_EVERY = 63
const OWN_SYMBOLS = 6

/** The whole scene of one seed: the same arguments, the same scene. */
export function inventedScene(
  seed: number,
  size: SceneSize,
  classes: readonly FaultClass[],
  hasTwoVendors = false,
): Scene {
  const scene = emptyScene('invented', ASOF)
  if (hasTwoVendors) scene.second = { equities_bars: new Map(), equities_bars_minute: new Map() }
  const sessions = calendarOf('xnys').sessions(size.from, ASOF)
  const maker = makerOf(seed, scene, sessions)
  const count = { repetitions: size.repetitions, own: Math.min(size.repetitions, OWN_SYMBOLS) }
  const of = (dataset: Injected, window: FaultClass['window']) =>
    classes.filter((fault) => fault.dataset === dataset && fault.window === window)

  const dailySlots = Math.max(1, Math.floor((sessions.length - 60) / SLOTS.equities_bars.length))
  const daily = of('equities_bars', 'slot').flatMap((fault) => Array.from({ length: count.repetitions }, () => fault))
  const dailySymbols = names('D', Math.ceil((daily.length * 1.1) / dailySlots))
  for (const symbol of dailySymbols) maker.daily(symbol)
  injectIntoSlots(scene, 'equities_bars', daily, dailySymbols, seed)

  const minuteSlots = Math.max(1, Math.floor((size.minuteSessions - 4) / SLOTS.equities_bars_minute.length))
  const repetitions = Math.ceil(count.repetitions / 2)
  const minute = of('equities_bars_minute', 'slot').flatMap((fault) => Array.from({ length: repetitions }, () => fault))
  const minuteSymbols = names('M', Math.ceil((minute.length * 1.1) / minuteSlots))
  for (const symbol of minuteSymbols) maker.minute(symbol, size.minuteSessions)
  injectIntoSlots(scene, 'equities_bars_minute', minute, minuteSymbols, seed)

  for (const [at, fault] of classes.filter(({ window }) => window === 'symbol').entries()) {
    for (const symbol of names(`W${String.fromCharCode(65 + at)}`, count.own)) {
      if (fault.dataset === 'equities_bars') maker.daily(symbol)
      else maker.minute(symbol, size.minuteSessions)
      injectIntoSymbol(scene, fault, symbol, seed)
    }
  }
  for (const symbol of names('C', size.cleanDaily)) maker.daily(symbol)
  for (const symbol of names('N', size.cleanMinute)) maker.minute(symbol, size.minuteSessions)
  for (const symbol of names('E', Math.ceil(size.cleanDaily / 6))) maker.eventful(symbol)
  return scene
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
/** Tickers of three letters after the group's own. */
const names = (group: string, count: number): string[] =>
  Array.from({ length: count }, (_, at) => {
    const letters = [Math.floor(at / 26), at % 26].map((n) => LETTERS[n % 26])
    return `${group}${letters.join('')}`
  })

function makerOf(seed: number, scene: Scene, sessions: readonly Dt[]) {
  const from = sessions[0] ?? ASOF
  const put = (dataset: Injected, symbol: string, days: readonly Day[]): void => {
    scene.rows[dataset].set(symbol, days)
    scene.second?.[dataset].set(symbol, asSecondVendor(seed, dataset, symbol, days))
  }
  const sourceOf = (symbol: string): BarSource =>
    syntheticBars({ seed, universe: [{ symbol, from, to: null }], vendor: 'alpaca' })
  const levelOf = (symbol: string): ((dt: Dt) => number) => {
    const beta = 0.6 + drawsOf(seed, 'beta', symbol)()
    const shocks = Object.entries(SHOCKS)
    return (dt) => shocks.reduce((level, [day, move]) => (day <= dt ? level * (1 + beta * move) : level), 1)
  }
  const dailyOf = (symbol: string): Day[] => {
    const level = levelOf(symbol)
    return sourceOf(symbol)
      .daily(symbol, from, ASOF)
      .map((bar) => ({ dt: bar.dt, rows: [scaled(rowOf({ ...bar, ts: midnightOf(bar.dt) }), level(bar.dt))] }))
  }
  const daily = (symbol: string): void => {
    put('equities_bars', symbol, dailyOf(symbol))
    for (const dt of Object.keys(SHOCKS))
      scene.events.set(cellOf('equities_bars', symbol, dt), 'market day of March 2020 or April 2025, modelled')
  }
  return {
    daily,
    minute(symbol: string, count: number): void {
      daily(symbol)
      const level = levelOf(symbol)
      const source = sourceOf(symbol)
      const days = sessions.slice(-count).map((dt): Day => {
        const rows = source.minute(symbol, midnightOf(dt), midnightOf(dt) + 86_399_999)
        return { dt, rows: rows.map((row) => scaled(rowOf(row), level(dt))) }
      })
      put('equities_bars_minute', symbol, days)
    },
    /** A price that earnings move for good four times a year, a told split and a told special dividend. */
    eventful(symbol: string): void {
      daily(symbol)
      const random = drawsOf(seed, 'events', symbol)
      const first = Math.floor(random() * EARNINGS_EVERY)
      const split = Math.floor(sessions.length * (0.3 + 0.2 * random()))
      const dividend = Math.floor(sessions.length * (0.6 + 0.2 * random()))
      const ratio = [2, 4, 10, 0.1][seedOf(seed, symbol) % 4] ?? 2
      let level = 1
      let shares = 1
      const days = (scene.rows.equities_bars.get(symbol) ?? []).map((day, at): Day => {
        const isEarnings = at % EARNINGS_EVERY === first
        if (isEarnings) level *= 1 + (random() < 0.5 ? -1 : 1) * (0.05 + 0.25 * random())
        if (at === split) shares *= ratio
        const before = day.rows[0]?.close ?? 0
        if (at === dividend) {
          scene.actions.push({
            symbol,
            exDt: day.dt,
            kind: 'cash_dividend',
            value: Math.round(10 * before * (level / shares)) / 100,
          })
          level *= 0.9
        }
        const kind = isEarnings ? 'earnings' : at === split ? 'told split' : at === dividend ? 'special dividend' : null
        if (kind !== null) scene.events.set(cellOf('equities_bars', symbol, day.dt), `${kind}, modelled`)
        const traded = isEarnings ? 4 : 1
        return { ...day, rows: day.rows.map((row) => scaled(row, level / shares, traded * shares)) }
      })
      scene.actions.push({ symbol, exDt: sessions[split] ?? ASOF, kind: 'split', value: ratio })
      put('equities_bars', symbol, days)
    },
  }
}

function rowOf({ ts, o, h, l, c, v, vw, n }: LabBar): EvalRow {
  if (o === null || h === null || l === null || c === null || v === null)
    throw new Error(`expected a lab's bar with all its numbers, got ${JSON.stringify({ o, h, l, c, v })}`)
  return { ts, open: o, high: h, low: l, close: c, volume: v, vwap: vw ?? null, trades: n ?? null }
}
