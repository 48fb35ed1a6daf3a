/** Two tables of instruments: one row each with what it is, and one row a ticker and its days, which is the universe as it was on each day. */
import type { CellValue } from '../_lake/duck-table.ts'
import type { InstrumentStatement } from './instrument-statements.ts'

export const INSTRUMENT_COLUMNS = {
  instrument_id: 'VARCHAR',
  symbol: 'VARCHAR',
  tickers: 'VARCHAR',
  listed_on: 'DATE',
  listed_source: 'VARCHAR',
  delisted_on: 'DATE',
  delisted_source: 'VARCHAR',
  name: 'VARCHAR',
  type: 'VARCHAR',
  exchange: 'VARCHAR',
  composite_figi: 'VARCHAR',
  cik: 'VARCHAR',
  source: 'VARCHAR',
}

export const UNIVERSE_COLUMNS = {
  instrument_id: 'VARCHAR',
  symbol: 'VARCHAR',
  ticker: 'VARCHAR',
  first_day: 'DATE',
  last_day: 'DATE',
  first_source: 'VARCHAR',
  last_source: 'VARCHAR',
}

/** Rows for a table of INSTRUMENT_COLUMNS. */
export const instrumentRows = (all: readonly InstrumentStatement[]): CellValue[][] =>
  identified(all).map(({ id, symbol, tickers, name, type, exchange, figi, cik, source }) => {
    const [first, last] = [tickers[0], tickers.at(-1)]
    const names = tickers.map(({ ticker }) => ticker).join(',')
    const listed = [first?.first ?? null, first?.firstSource ?? null]
    const delisted = [last?.last ?? null, last?.lastSource ?? null]
    return [id, symbol, names, ...listed, ...delisted, name, type, exchange, figi, cik, source]
  })

/** Rows for a table of UNIVERSE_COLUMNS. */
export const universeRows = (all: readonly InstrumentStatement[]): CellValue[][] =>
  identified(all).flatMap(({ id, symbol, tickers }) =>
    tickers.map(({ ticker, first, last, firstSource, lastSource }) => [
      id,
      symbol,
      ticker,
      first,
      last,
      firstSource,
      lastSource,
    ]),
  )

/** With the FIGI as the id, which stays through every ticker; the symbol where nobody states one, or two symbols are given the same. */
function identified(all: readonly InstrumentStatement[]): (InstrumentStatement & { id: string })[] {
  const times = new Map<string, number>()
  for (const { figi } of all) if (figi !== null) times.set(figi, (times.get(figi) ?? 0) + 1)
  return all.map((one) => ({ ...one, id: one.figi !== null && times.get(one.figi) === 1 ? one.figi : one.symbol }))
}

export const instrumentsSql = (table: string): string => `SELECT * FROM ${table} ORDER BY symbol`

export const universeSql = (table: string): string =>
  `SELECT * FROM ${table} ORDER BY symbol, first_day NULLS FIRST, ticker`
