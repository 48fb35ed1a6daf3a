/** What the columns of every table mean: the vocabulary of schema.json, of the documents, and of the texts in the footers of Parquet files. */

/** Counts up when a column is removed, or means something else. */
export const SCHEMA_VERSION = 2

export interface ColumnMeaning {
  about: string
  unit?: string
  /** It may hold no value. */
  nullable?: boolean
}
export type Meanings = Readonly<Record<string, ColumnMeaning>>

const CELL: Meanings = {
  symbol: { about: "the universe's name of the instrument, through all its tickers" },
  dt: { about: 'the trading day, in New York' },
}
const SOURCE: Meanings = {
  vendor: { about: 'who delivered the cell' },
  feed: { about: "the vendor's feed, such as sip or iex" },
  adjustment: { about: 'raw for prices as traded, none where there is nothing to adjust' },
}
const prices = (unit: string, volume: string): Meanings => ({
  open: { about: 'first price', unit },
  high: { about: 'highest price', unit },
  low: { about: 'lowest price', unit },
  close: { about: 'last price', unit },
  volume: { about: 'traded volume', unit: volume },
  vwap: { about: 'volume-weighted average price', unit, nullable: true },
  trades: { about: 'number of trades', nullable: true },
})
const BAR: Meanings = {
  ...CELL,
  ts: { about: 'START of the bar, an instant in UTC' },
  ...prices('dollars, as traded', 'shares'),
}

/** Stands for the columns of all series. */
const SERIES = 'DGS…'

/** What the columns of each table mean, in the order of the files. */
export const TABLE_COLUMNS: Readonly<Record<string, Meanings>> = {
  equities_bars: { ...BAR, ...SOURCE },
  equities_bars_minute: {
    ...BAR,
    session: { about: 'pre, regular or post: before the open, between open and close, after the close' },
    ...SOURCE,
  },
  options_bars: {
    symbol: { about: "the underlier's name in the universe" },
    dt: CELL.dt!,
    ts: BAR.ts!,
    underlier: { about: 'the same as symbol' },
    contract: { about: 'OCC symbol without padding' },
    expiration: { about: 'last day of the contract' },
    right: { about: 'call or put' },
    strike: { about: 'strike price', unit: 'dollars a share' },
    ...prices('dollars a share, as traded', 'contracts'),
    root: { about: 'the letters before the expiration in contract; none where that is no OCC symbol', nullable: true },
    adjusted_contract: {
      about:
        'the root has a digit: the contract was adjusted for a corporate action, is a mini or has terms of its own (FLEX), and does not stand for 100 shares on the usual terms',
      nullable: true,
    },
    ...SOURCE,
  },
  corporate_actions: {
    symbol: CELL.symbol!,
    dt: { about: 'the first session on or after the effective date' },
    kind: { about: 'split, cash_dividend, stock_dividend, spin_off, name_change, cash_merger, …' },
    id: { about: 'the id of the statement that is shown' },
    effective_date: { about: 'ex-date, or the day a merger or a new name takes effect' },
    declaration_date: { about: 'day it was announced', nullable: true },
    record_date: { about: 'day on which holders are counted', nullable: true },
    payable_date: { about: 'day of payment', nullable: true },
    cash: {
      about: 'cash a share, on the share count before the ex-date',
      unit: 'dollars, or currency',
      nullable: true,
    },
    currency: { about: 'currency of cash; none means US dollars', nullable: true },
    old_shares: { about: 'shares held before', unit: 'shares', nullable: true },
    new_shares: {
      about: 'shares for each old_shares; in a stock dividend or spin-off those on top',
      unit: 'shares',
      nullable: true,
    },
    other_symbol: { about: 'old name of a renamed company, child of a spin-off, acquirer of a merger', nullable: true },
    subtype: { about: "the vendor's word for what sort it is", nullable: true },
    detail: { about: 'what has no column, as JSON', nullable: true },
    first_seen: {
      about: 'as-of day of the bundle that first could have the action; none where nobody knows',
      nullable: true,
    },
    sources: { about: 'vendor:id of every statement of the action, comma-separated' },
    contradicts: {
      about: 'another action of the day says something else where only one can be; neither is in the factors',
    },
    vendor: { about: 'who delivered the statement that is shown' },
    feed: SOURCE.feed!,
    adjustment: SOURCE.adjustment!,
  },
  macro_treasury: {
    date: { about: 'the day the yield is of' },
    [SERIES]: { about: 'yield of the series, the newest vintage', unit: 'percent a year', nullable: true },
    vendor: SOURCE.vendor!,
    feed: SOURCE.feed!,
  },
  macro_treasury_vintages: {
    series: { about: 'the series, such as DGS10' },
    date: { about: 'the day the yield is of' },
    value: { about: 'the yield; none where the source took it back', unit: 'percent a year', nullable: true },
    realtime_start: {
      about:
        'the day on which this value was published: it counts until the next vintage of its series and date. Of a vendor without vintages the day on which the node first read it; none where an older node did not keep it',
      nullable: true,
    },
    vendor: SOURCE.vendor!,
    feed: SOURCE.feed!,
  },
  ledger: {
    dataset: { about: 'the dataset of the cell' },
    symbol: CELL.symbol!,
    dt: CELL.dt!,
    status: { about: 'GREEN, AMBER (a doubt; it is in the bundle) or RED (it is not)' },
    flags: { about: 'what the checks found, comma-separated' },
    reason: { about: 'why the cell is absent', nullable: true },
    expected_rows: { about: 'rows of a complete cell', nullable: true },
    rows: { about: 'rows in the bundle' },
    vendor: { ...SOURCE.vendor!, nullable: true },
    feed: { ...SOURCE.feed!, nullable: true },
    adjustment: { ...SOURCE.adjustment!, nullable: true },
    sha256: { about: 'of the curated file that was judged', nullable: true },
    digest: { about: 'the first 32 digits of the digest of the rows', nullable: true },
    provisional: {
      about: 'a daily bar that was judged before the next session was there; it is judged again then',
      nullable: true,
    },
    second_vendor: {
      about: 'whose version the cell was compared with; empty where one house alone has delivered it',
      nullable: true,
    },
    action: {
      about:
        'what the second version decided: replacing, replaced, released, condemned, kept or undecided; empty where nothing was to be decided',
      nullable: true,
    },
    ruleset: { about: 'version of the rules' },
    checked_at: { about: 'the instant of the night that judged, in UTC' },
  },
  calendar: {
    calendar: { about: 'xnys for the New York Stock Exchange, fed for days with Treasury yields' },
    dt: { about: 'the session, or the day with yields' },
    opens: { about: 'an instant in UTC', nullable: true },
    closes: { about: 'an instant in UTC', nullable: true },
    half_day: { about: 'it closes before 16:00 in New York', nullable: true },
  },
  instruments: {
    instrument_id: {
      about: 'one company and share class through all its tickers: the FIGI, or the symbol where no vendor states one',
    },
    symbol: CELL.symbol!,
    tickers: { about: 'its tickers, oldest first, comma-separated; universe has their days' },
    listed_on: { about: 'first day; none where nobody states it', nullable: true },
    listed_source: {
      about: 'who states it: universe, or vendors with the day of their answer',
      nullable: true,
    },
    delisted_on: { about: 'last day; none while it is listed', nullable: true },
    delisted_source: { about: 'who states it', nullable: true },
    name: { about: 'name of the company or fund', nullable: true },
    type: { about: "the vendor's word for what it is: CS for common stock, ETF, …", nullable: true },
    exchange: { about: "the vendor's code of the primary exchange", nullable: true },
    composite_figi: { about: 'FIGI of the share class in the country', nullable: true },
    cik: { about: "the SEC's number of the filer", nullable: true },
    source: { about: 'who states name, type, exchange, FIGI and number, with the day of the answer', nullable: true },
  },
  universe: {
    instrument_id: { about: 'as in instruments' },
    symbol: CELL.symbol!,
    ticker: { about: 'a ticker it traded under; two instruments may have had one, on different days' },
    first_day: { about: 'first day of the ticker; none where nobody states it', nullable: true },
    last_day: { about: 'last day of the ticker; none while it is in use', nullable: true },
    first_source: {
      about: 'who states the first day: universe, or vendors with the day of their answer',
      nullable: true,
    },
    last_source: { about: 'who states the last day', nullable: true },
  },
  availability: {
    dataset: {
      about: 'the dataset; one of bars of a minute has no rows: there a row is known at the end of its minute',
    },
    dt: { about: 'the session, or the day with yields' },
    available_at: {
      about:
        'the instant, in UTC, from which a trader could have known the rows of the day; of corporate actions the open',
    },
  },
  condition: {
    dataset: { about: 'the dataset' },
    dt: { about: 'the trading day' },
    condition: {
      about:
        'the first that applies of missing (a gap that nobody is going to ask for soon), pending (queued, or judged provisionally), degraded (short, AMBER or held cells), complete',
    },
    expected: { about: 'cells of the day: present + absent + pending + missing', unit: 'cells' },
    present: { about: 'delivered; short, AMBER and held ones included', unit: 'cells' },
    short: { about: 'present with fewer rows than a complete cell has', unit: 'cells' },
    amber: { about: 'present, in the bundle, with a doubt', unit: 'cells' },
    held: { about: 'present and RED: not in the bundle', unit: 'cells' },
    absent: { about: 'not there, for a known reason', unit: 'cells' },
    pending: { about: 'queued, or not judged yet', unit: 'cells' },
    missing: { about: 'neither there, nor explained, nor queued', unit: 'cells' },
    provisional: { about: 'judged again when the next session is there', unit: 'cells' },
    final_at: {
      about: 'the instant, in UTC, from which nothing that is planned changes the day; none while something does',
      nullable: true,
    },
    last_changed: {
      about: 'the instant, in UTC, of the night that first judged what the day holds now; none where it is not judged',
      nullable: true,
    },
  },
  adjustment_factors: {
    symbol: CELL.symbol!,
    dt: { about: 'ex-date: the session on which the shares first trade on the new terms' },
    split_factor: { about: 'old ÷ new shares; 1 without a split' },
    total_return_factor: { about: '1 − (cash + distribution) ÷ previous_close; 1 without either' },
    cumulative_split_factor: { about: 'product of the split factors of this and all later ex-dates' },
    cumulative_total_return_factor: { about: 'the same product of split_factor × total_return_factor' },
    cash: { about: 'D, all cash of the day', unit: 'dollars a share, before the ex-date', nullable: true },
    distribution: {
      about:
        'S, shares of other companies out of spin-offs: new ÷ old shares × the first close of the new company from the ex-date on',
      unit: 'dollars a share, before the ex-date',
      nullable: true,
    },
    previous_close: { about: 'P0, the raw close of the newest daily bar before', unit: 'dollars', nullable: true },
    previous_dt: { about: 'the day of that bar', nullable: true },
    flags: { about: 'what was not applied, or applied with doubt, comma-separated' },
    first_seen: {
      about: 'as-of day of the first bundle that could have all actions of the day; none where nobody knows',
      nullable: true,
    },
  },
}

/** The series of a wide dataset, as its configuration groups them. */
export type SeriesGroups = Readonly<Record<string, { series: readonly { id: string }[] }>>

/** What a Parquet file says of itself in its footer: the version of the schema, and the unit of each column that has one, as JSON. */
export function footerTexts(table: string, groups: SeriesGroups = {}): Record<string, string> {
  const meanings = TABLE_COLUMNS[table] ?? {}
  const names = [
    ...Object.keys(meanings).filter((name) => name !== SERIES),
    ...(SERIES in meanings ? Object.values(groups).flatMap(({ series }) => series.map(({ id }) => id)) : []),
  ]
  const units = names.flatMap((name) => {
    const unit = meaningOf(meanings, name)?.unit
    return unit === undefined ? [] : [[name, unit]]
  })
  return { schema_version: String(SCHEMA_VERSION), units: JSON.stringify(Object.fromEntries(units)) }
}

/** Yields have a column for each series of the configuration. */
export const meaningOf = (meanings: Meanings, name: string): ColumnMeaning | undefined =>
  meanings[name] ?? (meanings.date && /^[A-Z0-9]+$/.test(name) ? meanings[SERIES] : undefined)
