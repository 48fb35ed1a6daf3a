/** Reads what vendors sent, straight off the wire and without the node's own parsers: the rows that must be found on disk. */
import type { LabVendorName, SentAnswer } from '../lab/lab.ts'

/** One row as it must be on disk. `text` holds every value, to the last digit. */
export interface ServedRow {
  dataset: string
  symbol: string
  dt: string
  text: string
}

/** Whose rows of which days are wanted. */
export interface Wish {
  /** Canonical symbols with their lives and earlier tickers. */
  universe: readonly Company[]
  underliers: readonly string[]
  /** The days of bars, options and actions, ascending; written down in the test, not asked of the calendar. */
  sessions: readonly string[]
  /** The first day on which an action may take effect that belongs to the first session: the day after the session before it. */
  actionsFrom: string
  /** First and last day of yields. */
  yields: { from: string; to: string }
  /** Contracts that expire within so many days belong to a day. */
  expireWithinDays: number
}

export interface Company {
  symbol: string
  from: string
  to: string | null
  was?: readonly { symbol: string; to: string }[] | undefined
}

export type Sent = Pick<SentAnswer, 'path' | 'query' | 'status' | 'body'> & { vendor: LabVendorName }
type Fields = Record<string, unknown>

/** Feed and adjustment that each vendor's rows carry. */
export const PROVENANCE: Record<string, Record<string, string>> = {
  alpaca: {
    equities_bars: 'sip raw',
    equities_bars_minute: 'sip raw',
    options_bars: 'options raw',
    corporate_actions: 'corporate-actions none',
  },
  massive: {
    equities_bars: 'consolidated raw',
    equities_bars_minute: 'consolidated raw',
    options_bars: 'options raw',
    corporate_actions: 'reference none',
    macro_treasury: 'fed none',
  },
  fred: { macro_treasury: 'h15 none' },
}

/** Columns in the order in which they stand in a text, behind dataset, vendor, feed, adjustment, symbol and day. */
const BAR = ['ts', 'open', 'high', 'low', 'close', 'volume', 'vwap', 'trades'] as const
export const COLUMNS: Record<string, readonly string[]> = {
  equities_bars: BAR,
  equities_bars_minute: BAR,
  options_bars: ['underlier', 'contract', 'expiration', 'right', 'strike', ...BAR],
  corporate_actions: [
    ...['kind', 'id', 'effective_date', 'declaration_date', 'record_date', 'payable_date', 'cash', 'currency'],
    ...['old_shares', 'new_shares', 'other_symbol', 'subtype', 'detail'],
  ],
  macro_treasury: ['series', 'value', 'realtime_start'],
}

/** The text of a row, the same whether it was served or read back. Numbers in their shortest exact form. */
export function textOf(vendor: string, dataset: string, symbol: string, dt: string, provenance: string, row: Fields) {
  const values = (COLUMNS[dataset] ?? []).map((name) => row[name] ?? null)
  return JSON.stringify([dataset, vendor, provenance, symbol, dt, ...values])
}

/** Every distinct row that was served for a wanted cell. */
export function servedRows(sent: readonly Sent[], wish: Wish): Map<string, ServedRow> {
  const rows = new Map<string, ServedRow>()
  const add = (vendor: LabVendorName, dataset: string, symbol: string, dt: string, row: Fields): void => {
    const text = textOf(vendor, dataset, symbol, dt, PROVENANCE[vendor]?.[dataset] ?? 'nobody', row)
    rows.set(text, { dataset, symbol, dt, text })
  }
  const answered = sent.filter(({ status }) => status === 200)
  for (const answer of answered) {
    if (answer.vendor === 'alpaca') alpacaRows(answer, wish, (...row) => add('alpaca', ...row))
    if (answer.vendor === 'massive') massiveRows(answer, wish, (...row) => add('massive', ...row))
  }
  const fred = answered.filter(({ vendor }) => vendor === 'fred')
  fredRows(fred, wish, (...row) => add('fred', ...row))
  return rows
}

type Add = (dataset: string, symbol: string, dt: string, row: Fields) => void

function alpacaRows({ path, query, body }: Sent, wish: Wish, add: Add): void {
  if (path === '/v2/stocks/bars') {
    const dataset = query.get('timeframe') === '1Day' ? 'equities_bars' : 'equities_bars_minute'
    for (const [symbol, bars] of listsIn(body, 'bars')) {
      for (const bar of bars) {
        const row = barOf(bar, Date.parse(String(bar.t)))
        const dt = newYorkDay(row.ts)
        if (isAlive(wish, symbol, dt)) add(dataset, symbol, dt, row)
      }
    }
  } else if (path === '/v1beta1/options/bars') {
    for (const [contract, bars] of listsIn(body, 'bars')) {
      for (const bar of bars) addOption(contract, barOf(bar, Date.parse(String(bar.t))), wish, add)
    }
  } else if (path === '/v1/corporate-actions') {
    for (const [plural, actions] of listsIn(body, 'corporate_actions')) {
      for (const action of actions) addAction(alpacaAction(plural, action), wish, add)
    }
  }
}

function massiveRows({ path, body }: Sent, wish: Wish, add: Add): void {
  const range = /^\/v2\/aggs\/ticker\/([^/]+)\/range\/1\/(day|minute)\//.exec(path)
  const grouped = /^\/v2\/aggs\/grouped\/locale\/us\/market\/stocks\/(.+)$/.exec(path)
  const events = /^\/vX\/reference\/tickers\/([^/]+)\/events$/.exec(path)
  const parsed = JSON.parse(body) as { results?: Fields[] | { events: Fields[] } }
  if (events && parsed.results && 'events' in parsed.results) {
    for (const change of nameChanges(parsed.results.events)) addAction(change, wish, add)
    return
  }
  const results = (parsed.results ?? []) as Fields[]
  if (range) {
    const ticker = decodeURIComponent(range[1] as string)
    for (const bar of results) {
      const row = barOf(bar, Number(bar.t))
      if (ticker.startsWith('O:')) addOption(ticker.slice(2), row, wish, add)
      else {
        const dt = newYorkDay(row.ts)
        const symbol = ownerOn(wish, ticker, dt)
        const dataset = range[2] === 'day' ? 'equities_bars' : 'equities_bars_minute'
        if (symbol !== undefined && isAlive(wish, symbol, dt)) add(dataset, symbol, dt, row)
      }
    }
  } else if (grouped) {
    const dt = grouped[1] as string
    for (const bar of results) {
      const symbol = ownerOn(wish, String(bar.T), dt)
      // Rows of the whole market carry the end of their day; on disk every daily bar carries its start.
      if (symbol !== undefined && isAlive(wish, symbol, dt))
        add('equities_bars', symbol, dt, barOf(bar, newYorkMidnight(dt)))
    }
  } else if (path === '/stocks/v1/splits') {
    for (const split of results) addAction(massiveSplit(split), wish, add)
  } else if (path === '/stocks/v1/dividends') {
    for (const dividend of results) addAction(massiveDividend(dividend), wish, add)
  } else if (path === '/fed/v1/treasury-yields') {
    for (const { date, ...tenors } of results) {
      const dt = String(date)
      if (dt < wish.yields.from || dt > wish.yields.to) continue
      for (const [tenor, value] of Object.entries(tenors)) {
        const [, count, unit] = /^yield_(\d+)_(month|year)$/.exec(tenor) ?? []
        // The vendor tells no vintages: a value is known from the day on which it was asked for.
        const row = { series: `DGS${count}${unit === 'month' ? 'MO' : ''}`, value, realtime_start: wish.yields.to }
        add('macro_treasury', 'UST', dt, row)
      }
    }
  }
}

/**
 * FRED repeats in every window the value that was in force when it began: only a value that differs from the one before it is a vintage.
 * A weekday on which no series ever had a first value is none on which the Fed publishes.
 */
function fredRows(answers: readonly Sent[], wish: Wish, add: Add): void {
  const said = new Map<string, { start: string; value: string }[]>()
  for (const { path, query, body } of answers) {
    if (path !== '/fred/series/observations') continue
    const { observations } = JSON.parse(body) as { observations: Record<string, string>[] }
    for (const { date = '', realtime_start: start = '', value = '' } of observations) {
      const key = `${query.get('series_id')} ${date}`
      const known = said.get(key) ?? []
      if (!known.some((one) => one.start === start && one.value === value)) known.push({ start, value })
      said.set(key, known)
    }
  }
  const published = new Set<string>()
  for (const [key, values] of said) {
    values.sort((a, b) => (a.start < b.start ? -1 : 1))
    if (values[0]?.value !== '.') published.add(key.split(' ')[1] as string)
  }
  for (const [key, values] of said) {
    const [series, dt = ''] = key.split(' ')
    if (!published.has(dt) || dt < wish.yields.from || dt > wish.yields.to) continue
    for (const [at, { start, value }] of values.entries()) {
      if (values[at - 1]?.value === value) continue
      add('macro_treasury', 'UST', dt, { series, value: value === '.' ? null : Number(value), realtime_start: start })
    }
  }
}

interface FoundAction {
  /** Whose it is, under the name of its day. */
  ticker: string
  row: Fields & { effective_date: string }
}

function addAction(found: FoundAction | null, wish: Wish, add: Add): void {
  if (found === null) return
  const { effective_date } = found.row
  const dt = wish.sessions.find((session) => session >= effective_date)
  if (dt === undefined || effective_date < wish.actionsFrom) return
  const symbol = ownerOn(wish, found.ticker, effective_date)
  if (symbol !== undefined && isAlive(wish, symbol, dt)) add('corporate_actions', symbol, dt, found.row)
}

function alpacaAction(plural: string, { id, ...fields }: Fields): FoundAction | null {
  const { record_date = null, payable_date = null, process_date } = fields
  const days = { record_date, payable_date }
  const rest = (...used: string[]): string | null => detailOf(fields, ['record_date', 'payable_date', ...used])
  switch (plural) {
    case 'cash_dividends': {
      const detail = rest('symbol', 'ex_date', 'rate', 'special')
      const said = { cash: fields.rate, subtype: fields.special === true ? 'special' : null, detail }
      const row = { kind: 'cash_dividend', id, effective_date: String(fields.ex_date), ...days, ...said }
      return { ticker: String(fields.symbol), row }
    }
    case 'forward_splits':
    case 'reverse_splits': {
      const shares = { old_shares: fields.old_rate, new_shares: fields.new_rate }
      const detail = rest('symbol', 'ex_date', 'old_rate', 'new_rate')
      const row = { kind: 'split', id, effective_date: String(fields.ex_date), ...days, ...shares, detail }
      return { ticker: String(fields.symbol), row }
    }
    case 'name_changes': {
      const detail = rest('old_symbol', 'new_symbol', 'process_date')
      const names = { other_symbol: fields.old_symbol, detail }
      const row = { kind: 'name_change', id, effective_date: String(process_date), ...names }
      return { ticker: String(fields.new_symbol), row }
    }
    default:
      throw new Error(`expected a kind of action that the lab serves, got ${plural}`)
  }
}

/** Figures that change with every later action and are therefore not kept. */
const DERIVED = ['historical_adjustment_factor', 'split_adjusted_cash_amount']

function massiveSplit({ id, ...fields }: Fields): FoundAction {
  const used = ['ticker', 'execution_date', 'split_from', 'split_to', 'adjustment_type', ...DERIVED]
  const shares = { old_shares: fields.split_from, new_shares: fields.split_to }
  const said = { subtype: fields.adjustment_type, detail: detailOf(fields, used) }
  const row = { kind: 'split', id, effective_date: String(fields.execution_date), ...shares, ...said }
  return { ticker: String(fields.ticker), row }
}

function massiveDividend({ id, ...fields }: Fields): FoundAction {
  const { declaration_date, record_date, pay_date: payable_date, cash_amount: cash, currency } = fields
  const used = ['ticker', 'ex_dividend_date', 'cash_amount', 'currency', 'distribution_type', ...DERIVED]
  const detail = detailOf(fields, [...used, 'declaration_date', 'record_date', 'pay_date'])
  const days = { effective_date: String(fields.ex_dividend_date), declaration_date, record_date, payable_date }
  const said = { cash, currency: currency === 'USD' ? null : currency, subtype: fields.distribution_type, detail }
  return { ticker: String(fields.ticker), row: { kind: 'cash_dividend', id, ...days, ...said } }
}

/** Every name but the oldest is a change. The vendor gives these no id. */
function nameChanges(events: readonly Fields[]): FoundAction[] {
  const names = events
    .map(({ date, ticker_change }) => ({ date: String(date), ticker: String((ticker_change as Fields).ticker) }))
    .sort((a, b) => (a.date < b.date ? -1 : 1))
  return names.slice(1).map(({ date, ticker }, at) => ({
    ticker,
    row: {
      kind: 'name_change',
      id: `name_change:${ticker}:${date}`,
      effective_date: date,
      other_symbol: names[at]?.ticker,
    },
  }))
}

/** What has no column, as JSON with sorted names. */
function detailOf(fields: Fields, used: readonly string[]): string | null {
  const names = Object.keys(fields).filter(
    (name) => !used.includes(name) && fields[name] != null && fields[name] !== '',
  )
  return names.length === 0
    ? null
    : JSON.stringify(Object.fromEntries(names.sort().map((name) => [name, fields[name]])))
}

function addOption(contract: string, row: Fields & { ts: number }, wish: Wish, add: Add): void {
  const [, root = '', yy, mm, dd, right, strike] = /^([A-Z]+)(\d\d)(\d\d)(\d\d)([CP])(\d{8})$/.exec(contract) ?? []
  const expiration = `20${yy}-${mm}-${dd}`
  const dt = newYorkDay(row.ts)
  const furthest = new Date(Date.parse(dt) + wish.expireWithinDays * 86_400_000).toISOString().slice(0, 10)
  const tickers = wish.universe.flatMap(({ symbol, was = [] }) => [symbol, ...was.map((name) => name.symbol)])
  const ticker = tickers.find((one) => one.replace('.', '') === root) ?? ''
  const underlier = ownerOn(wish, ticker, dt)
  if (underlier === undefined || !wish.underliers.includes(underlier) || !isAlive(wish, underlier, dt)) return
  if (expiration < dt || expiration > furthest) return
  const parts = {
    underlier,
    contract,
    expiration,
    right: right === 'C' ? 'call' : 'put',
    strike: Number(strike) / 1000,
  }
  add('options_bars', underlier, dt, { ...parts, ...row })
}

/** The company that traded under a ticker on a day. */
const ownerOn = ({ universe }: Wish, ticker: string, dt: string): string | undefined =>
  universe.find(({ symbol, was = [] }) => (was.find(({ to }) => dt <= to)?.symbol ?? symbol) === ticker)?.symbol

function isAlive({ universe, sessions }: Wish, symbol: string, dt: string): boolean {
  const company = universe.find((one) => one.symbol === symbol)
  if (!company || !sessions.includes(dt)) return false
  return dt >= company.from && (company.to === null || dt <= company.to)
}

const barOf = ({ o, h, l, c, v, vw, n }: Fields, ts: number) => ({
  ...{ ts, open: o, high: h, low: l, close: c, volume: v },
  ...{ vwap: vw ?? null, trades: n ?? null },
})

/** The lists of rows below one field, by their names. */
const listsIn = (body: string, field: string): [string, Fields[]][] =>
  Object.entries((JSON.parse(body) as Record<string, Record<string, Fields[]>>)[field] ?? {})

const NEW_YORK = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/New_York', dateStyle: 'short' })
const HOUR_IN_NEW_YORK = new Intl.DateTimeFormat('en-GB', { timeZone: 'America/New_York', timeStyle: 'short' })

export const newYorkDay = (ts: number): string => NEW_YORK.format(ts)

export function newYorkMidnight(dt: string): number {
  const found = [4, 5]
    .map((hours) => Date.parse(`${dt}T0${hours}:00:00Z`))
    .find((ts) => HOUR_IN_NEW_YORK.format(ts) === '00:00')
  if (found === undefined) throw new Error(`expected a midnight of ${dt} in New York`)
  return found
}
