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

export const RIGHTS = ['call', 'put'] as const
export type Right = (typeof RIGHTS)[number]

/** One bar of one option contract; prices in dollars a share as traded, `volume` in contracts. */
export interface OptionBar extends Bar {
  /** The canonical symbol of the cell, repeated in each row. */
  underlier: string
  /** OCC symbol without padding, `AAPL240119C00300000`. A root that ends in a digit delivers something else than 100 shares. */
  contract: string
  expiration: string
  right: Right
  /** Dollars a share, exact to a tenth of a cent. */
  strike: number
}

/** What can happen to a company's shares. `split` goes both ways: the two counts of shares tell. `other` is what we have no word for yet. */
export const ACTION_KINDS = [
  'split',
  'stock_dividend',
  'cash_dividend',
  'capital_gains_distribution',
  'spin_off',
  'unit_split',
  'name_change',
  'cash_merger',
  'stock_merger',
  'stock_and_cash_merger',
  'redemption',
  'worthless_removal',
  'rights_distribution',
  'partial_call',
  'reorganization',
  'other',
] as const
export type ActionKind = (typeof ACTION_KINDS)[number]

/** One corporate action as a vendor filed it. A cell holds those that take effect after the session before its day and up to its day. */
export interface Action {
  kind: ActionKind
  /** The vendor's own id; where it has none, one made of what names the action. */
  id: string
  /** The day from which the shares trade on the new terms: ex-date, or the day a merger or a new name takes effect. */
  effective_date: string
  declaration_date: string | null
  record_date: string | null
  payable_date: string | null
  /** Dollars a share (or in `currency`), on the share count before the ex-date. */
  cash: number | null
  /** Null means US dollars, or that the vendor does not say. */
  currency: string | null
  /** `new_shares` for every `old_shares` held: 4 for 1 is a forward split; in a stock dividend or spin-off what comes on top of them. */
  old_shares: number | null
  new_shares: number | null
  /** The other company: the old name of a renamed one, the child of a spin-off, the acquirer of a merger. */
  other_symbol: string | null
  /** The vendor's word for what sort it is: special, recurring, return_of_capital. */
  subtype: string | null
  /** Fields of the vendor that have no column, as JSON with sorted names; derived figures that change with every later action are left out. */
  detail: string | null
  /** As-of day of the night that accepted it; the node notes it, no vendor says it. Absent or null: not known. */
  first_seen?: string | null
  /** As-of day of the complete answer that no longer had it; null or absent while it stands. */
  withdrawn?: string | null
}

export type Row = Bar | OptionBar | Yield | Action

/** What tells a row of a cell from its neighbours: the fields the dataset's `key` names, as one text. */
export const rowKey = (row: Row, key: readonly string[]): string => {
  const fields = row as unknown as Record<string, string | number | null>
  return key.length === 1 ? String(fields[key[0] as string]) : key.map((name) => fields[name]).join(' ')
}

/** What every row of one answer shares, and what the raw file repeats in each row. Two feeds are never mixed in a cell. */
export interface Provenance {
  vendor: string
  feed: string
  adjustment: 'raw' | 'none'
  /** Epoch milliseconds at which the answer was complete. */
  fetchedAt: number
}

/** What prices of a dataset are adjusted for: bars are kept as traded, anything else knows no such thing. */
export const adjustmentOf = (kind: string): Provenance['adjustment'] =>
  kind === 'series' || kind === 'events' ? 'none' : 'raw'
