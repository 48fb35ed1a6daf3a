/** Rows as they travel from a vendor to a raw file. Field names are the column names of config/datasets.yaml. */

/** One equities bar. `ts` is the START of the bar, epoch milliseconds; prices in dollars as traded (never adjusted); `volume` in shares, may be fractional. */
export interface Bar {
  ts: number
  open: number
  high: number
  low: number
  close: number
  volume: number
  /** Volume-weighted average price; a vendor may leave it out. */
  vwap: number | null
  /** Number of trades in the bar; a vendor may leave it out. */
  trades: number | null
}

/** One yield of one series as known from `realtime_start` on. `value` in percent per year; null where the source says there is none. */
export interface Yield {
  series: string
  value: number | null
  realtime_start: string
}

export type Row = Bar | Yield

/** What every row of one answer shares, and what the raw file repeats in each row. Two feeds are never mixed in a cell. */
export interface Provenance {
  vendor: string
  feed: string
  adjustment: 'raw' | 'none'
  /** Epoch milliseconds at which the answer was complete. */
  fetchedAt: number
}
