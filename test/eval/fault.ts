/** A fault as the benchmark knows it: which cells it breaks, what is demanded of quality control, and how clean rows become faulty ones. */
import type { Dt } from '../../functions/_market/dt.ts'

/** One row of a raw file, as a vendor delivered it. */
export interface EvalRow {
  ts: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  vwap: number | null
  trades: number | null
  /** What the row says of its prices; absent: as traded. */
  adjustment?: string
}

/** The rows of one symbol on one session; none when it is missing. Ascending by stamp in a clean day. */
export interface Day {
  dt: Dt
  rows: readonly EvalRow[]
}

/** A split as an action tells of it: on the day `exDt` one old share becomes `ratio` new ones. */
export interface ToldSplit {
  exDt: Dt
  ratio: number
}

export interface Faulty {
  /** All days of the window; a day outside of the session calendar may have come in. */
  days: readonly Day[]
  /** The days whose cell must be flagged. */
  labels: readonly Dt[]
  /** What actions say beside those of the clean window. */
  splits?: readonly ToldSplit[]
}

export type Injected = 'equities_bars' | 'equities_bars_minute'

export interface FaultClass {
  /** Plain words and the magnitude, one name per class and magnitude. */
  name: string
  dataset: Injected
  /** Percent of the labelled cells that must not be GREEN; null: shown, not demanded. */
  recall: number | null
  /** Must they be RED? */
  red: boolean
  /** Sessions of the window before and after the faulty one; `symbol` asks for a symbol of its own. */
  window: 'slot' | 'symbol'
  /** Pure: the faulty window out of a clean one, with the fault at `days[at]`. */
  inject(days: readonly Day[], at: number, random: () => number): Faulty
}

/** Each day `from` to `to`, both inclusive, replaced by what `change` makes of its rows. */
export const changeDays = (
  days: readonly Day[],
  from: number,
  to: number,
  change: (rows: readonly EvalRow[], day: Day) => readonly EvalRow[],
): Day[] => days.map((day, at) => (at >= from && at <= to ? { ...day, rows: change(day.rows, day) } : day))

/** One changed day, which is the labelled one. */
export const oneDay = (
  days: readonly Day[],
  at: number,
  change: (rows: readonly EvalRow[], day: Day) => readonly EvalRow[],
): Faulty => ({ days: changeDays(days, at, at, change), labels: [dtAt(days, at)] })

export function dtAt(days: readonly Day[], at: number): Dt {
  const day = days[at]
  if (day === undefined) throw new Error(`expected a window with a day ${at}, got ${days.length} days`)
  return day.dt
}

const PRICES = ['open', 'high', 'low', 'close'] as const

/** Four digits, as vendors print prices below a dollar; the order of the four prices stays. */
export const rounded = (price: number): number => Math.round(price * 1e4) / 1e4

/** The row at another scale of prices. */
export function scaled(row: EvalRow, factor: number, volumeFactor = 1): EvalRow {
  const prices = Object.fromEntries(PRICES.map((name) => [name, rounded(row[name] * factor)]))
  const vwap = row.vwap === null ? null : rounded(row.vwap * factor)
  return { ...row, ...prices, vwap, volume: Math.max(1, Math.round(row.volume * volumeFactor)) } as EvalRow
}

/** The row with high and low where open and close need them. */
export const enclosed = (row: EvalRow): EvalRow => ({
  ...row,
  high: Math.max(row.high, row.open, row.close),
  low: Math.min(row.low, row.open, row.close),
})

/** Up or down by a share of the price. */
export const signed = (random: () => number, share: number): number => (random() < 0.5 ? 1 - share : 1 + share)
