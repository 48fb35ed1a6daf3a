/** The instruments as a table: each symbol's tickers with their days, and who states them. A series is read by symbol, through all its tickers. */
import type { CellValue } from '../_lake/duck-table.ts'
import type { Dt } from '../_market/dt.ts'
import { claimsOf, NO_END } from '../_market/ticker-claims.ts'
import type { StatedBy } from '../_references/life.ts'
import type { AppliedSymbol } from '../_references/refine-universe.ts'

export const INSTRUMENT_COLUMNS = {
  symbol: 'VARCHAR',
  ticker: 'VARCHAR',
  from_dt: 'DATE',
  to_dt: 'DATE',
  name: 'VARCHAR',
  type: 'VARCHAR',
  exchange: 'VARCHAR',
  composite_figi: 'VARCHAR',
  cik: 'VARCHAR',
  from_source: 'VARCHAR',
  to_source: 'VARCHAR',
}

/** Rows for a table of INSTRUMENT_COLUMNS, sorted by symbol and day. A first day that nobody states is null, and so is the last of a ticker in use. */
export const instrumentRows = (symbols: readonly AppliedSymbol[]): CellValue[][] =>
  symbols.toSorted((a, b) => (a.symbol < b.symbol ? -1 : 1)).flatMap(rowsOf)

function rowsOf({ symbol, from, to, was, rows }: AppliedSymbol): CellValue[][] {
  const claims = claimsOf({ symbol, from: from.dt, to: to.dt, was: was.tickers })
  const said = (name: 'name' | 'type' | 'exchange' | 'compositeFigi' | 'cik'): string | null =>
    rows.toSorted((a, b) => (a.vendor < b.vendor ? -1 : 1)).find((row) => row[name] !== null)?.[name] ?? null
  const about = [said('name'), said('type'), said('exchange'), said('compositeFigi'), said('cik')]
  return claims.map(({ ticker, fromDt, toDt }, at) => {
    const begins = at > 0 ? was.stated : from.stated
    const ends = at < claims.length - 1 ? was.stated : to.stated
    const fromKnown: Dt | null = begins.by === 'calendar' ? null : fromDt
    const toKnown: Dt | null = toDt === NO_END ? null : toDt
    const sources = [fromKnown === null ? null : sourceOf(begins), toKnown === null ? null : sourceOf(ends)]
    return [symbol, ticker, fromKnown, toKnown, ...about, ...sources]
  })
}

/** `universe`, or the vendors with the day of their statement: `massive 2025-07-08`. */
const sourceOf = (stated: StatedBy): string =>
  stated.by === 'vendors'
    ? stated.vendors
        .map(({ vendor, askedAt }) =>
          askedAt === null ? vendor : `${vendor} ${new Date(askedAt).toISOString().slice(0, 10)}`,
        )
        .join(', ')
    : stated.by

export const instrumentsSql = (table: string): string =>
  `SELECT * FROM ${table} ORDER BY symbol, from_dt NULLS FIRST, ticker`
