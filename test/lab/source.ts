/** Where a lab vendor's numbers come from: the contract of every source, synthetic or folder. */
import type { Dt } from '../../functions/_market/dt.ts'

/**
 * One bar as the vendor will print it. `ts` is epoch milliseconds (for daily bars: New York midnight, unless the source plays
 * a vendor that stamps otherwise), `dt` the New York date of `ts`. A null price or volume becomes JSON null.
 */
export interface LabBar {
  ts: number
  dt: Dt
  o: number | null
  h: number | null
  l: number | null
  c: number | null
  v: number | null
  vw?: number | null
  n?: number | null
}

/** A split: from the day `exDt` on, one old share is `ratio` new ones. */
export interface LabSplit {
  exDt: Dt
  ratio: number
}

/** What one vendor holds. Ranges are inclusive at both ends; the order is the order the vendor keeps its rows in. */
export interface BarSource {
  symbols(): string[]
  /** Daily bars whose New York date lies in [from, to]; a symbol that is not known has none. */
  daily(symbol: string, from: Dt, to: Dt): LabBar[]
  /** Minute bars whose stamp lies in [fromMs, toMs], pre- and post-market included. */
  minute(symbol: string, fromMs: number, toMs: number): LabBar[]
  /** The days of [from, to] on which `minute` may have bars of the symbol, ascending: what a server has to look through. */
  minuteDays(symbol: string, from: Dt, to: Dt): Dt[]
  /**
   * Every ticker, oldest first, of the company that had `symbol` on a day; none when nobody had it. Absent: no company of this source
   * ever changed its name.
   */
  tickers?(symbol: string, asof: Dt): string[]
  /** Ascending; used for split-adjusted answers. */
  splits(symbol: string): LabSplit[]
  /** The newest day with any bar, and the first days of both kinds; undefined when there is none. */
  lastSession(): Dt | undefined
  firstDaily(): Dt | undefined
  firstMinute(): Dt | undefined
}

/** `value` as FRED prints it: a decimal text, or "." where there is none. */
export interface Observation {
  date: Dt
  value: string
}

/** A value that replaced an earlier one: known from the vintage of the day `from` on. */
export interface Revision {
  date: Dt
  value: string
  from: Dt
}

export interface YieldSource {
  series(): string[]
  /** Observations with from <= date <= to, ascending: a row for each weekday, none on weekends. */
  observations(id: string, from: Dt, to: Dt): Observation[]
  last(): Dt | undefined
  /** Replacements of values that `observations` gives as first published; absent: there are none. */
  revisions?(id: string): Revision[]
}

/** A vendor that knows no symbol: answers empty. */
export const NO_BARS: BarSource = {
  symbols: () => [],
  daily: () => [],
  minute: () => [],
  minuteDays: () => [],
  splits: () => [],
  lastSession: () => undefined,
  firstDaily: () => undefined,
  firstMinute: () => undefined,
}

export const NO_YIELDS: YieldSource = { series: () => [], observations: () => [], last: () => undefined }
