import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { columnMappingOf } from '../../functions/_lake/column-mapping.ts'
import type { Duck } from '../../functions/_lake/duck.ts'
import { readFooters } from '../../functions/_lake/footers.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { mappedRowsSql } from '../../functions/_lake/raw-rows-sql.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { oldFile } from '../adopt/old-tree.ts'
import { dropLake, specOf, tempLake } from './lake-fixture.ts'

let lake: Lake
let duck: Duck
let files = 0
beforeAll(async () => {
  lake = await tempLake()
  duck = lake.duck
})
afterAll(() => dropLake(lake))

const DT = '2024-07-03'
/** The first minute of that session, and New York's midnight, epoch ms. */
const OPEN = Date.parse('2024-07-03T13:30:00Z')
const MIDNIGHT = Date.parse('2024-07-03T04:00:00Z')

/** The rows of a file with the columns of a query, read as ours; or why they cannot be. */
async function asOurs(dataset: DatasetName, sql: string, symbol: string | null = 'AAPL') {
  const file = await oldFile(duck, lake.root, `alpaca/${dataset}/date=${DT}/${++files}.parquet`, sql)
  const footer = (await readFooters(duck, [file])).get(file)
  if (!footer) throw new Error('expected a footer')
  const mapping = columnMappingOf(specOf(dataset), footer.columns)
  if (mapping.fault !== null) return mapping.fault
  return duck.all(`SELECT * FROM ${mappedRowsSql(mapping, [{ file, dt: DT, symbol }])} ORDER BY file_row_number`)
}

const PRICES = '10.0 AS o, 11.0 AS h, 9.0 AS l, 10.5 AS c, 1000 AS v'
const MINUTE = { open: 10, high: 11, low: 9, close: 10.5, volume: 1000, ts: OPEN }

describe('column mapping: the names of a bar', () => {
  test.each([
    ['ours', '1.0 AS open, 1.0 AS high, 1.0 AS low, 1.0 AS close, 1.0 AS volume, 2.0 AS vwap, 3::BIGINT AS trades'],
    ['capitals', '1.0 AS Open, 1.0 AS High, 1.0 AS Low, 1.0 AS Close, 1 AS Volume, 2.0 AS VWAP, 3 AS trade_count'],
    ['letters', '1.0 AS o, 1.0 AS h, 1.0 AS l, 1.0 AS c, 1 AS v, 2.0 AS vw, 3 AS n'],
    [
      'words',
      '1::FLOAT AS open, 1::FLOAT AS high, 1::FLOAT AS low, 1::FLOAT AS close, 1 AS v, 2.0 AS vwap, 3 AS transactions',
    ],
  ])('%s', async (_kind, columns) => {
    const rows = await asOurs('equities_bars_minute', `SELECT TIMESTAMP '2024-07-03 13:30:00' AS ts, ${columns}`)
    expect(rows).toMatchObject([{ open: 1, high: 1, low: 1, close: 1, volume: 1, vwap: 2, trades: 3, symbol: 'AAPL' }])
  })

  test('what may be missing is null, what must be there is named', async () => {
    expect(
      await asOurs('equities_bars_minute', `SELECT TIMESTAMP '2024-07-03 13:30:00' AS t, ${PRICES}`),
    ).toMatchObject([{ ...MINUTE, vwap: null, trades: null, mismatch: null }])
    expect(await asOurs('equities_bars_minute', `SELECT ${PRICES}`)).toMatch(/^no column for ts: .*timestamp, datetime/)
    expect(await asOurs('equities_bars_minute', "SELECT now() AS t, 'ten' AS o, 1 AS h, 1 AS l, 1 AS c, 1 AS v")).toBe(
      'the column o is VARCHAR, which cannot be open: expected a number',
    )
  })

  test('counts that are no counts are told, not rounded', async () => {
    const found = (n: string) =>
      asOurs('equities_bars_minute', `SELECT TIMESTAMP '2024-07-03 13:30:00' AS t, ${PRICES}, ${n} AS n`)
    expect(await found('3.0::DOUBLE')).toMatchObject([{ trades: 3, mismatch: null }])
    expect(await found('3.5::DOUBLE')).toMatchObject([
      { trades: null, mismatch: 'n is 3.5, which cannot be trades: expected a whole number' },
    ])
    expect(await found('NULL::DOUBLE')).toMatchObject([{ trades: null, mismatch: null }])
  })

  test('nested columns are never taken for ours', async () => {
    expect(
      await asOurs('equities_bars_minute', `SELECT now() AS t, {'o': 1.0} AS o, 1 AS h, 1 AS l, 1 AS c, 1 AS v`),
    ).toContain('NESTED')
    expect(
      await asOurs('equities_bars_minute', `SELECT now() AS t, {'a': {'o': 1.0}, 'h': [1]} AS x, ${PRICES.slice(12)}`),
    ).toBe('no column for open: looked for open, o, found t, x, h, l, c, v')
    expect(
      await asOurs(
        'equities_bars_minute',
        `SELECT [{'o': 'x'}] AS conditions, to_timestamp(${OPEN / 1000}) AS t, ${PRICES}`,
      ),
    ).toMatchObject([MINUTE])
  })
})

describe('column mapping: the stamp of a minute', () => {
  test.each([
    ['timestamp', "TIMESTAMP '2024-07-03 13:30:00'"],
    ['timestamp', "TIMESTAMP_NS '2024-07-03 13:30:00'"],
    ['timestamp', "TIMESTAMP_MS '2024-07-03 13:30:00'"],
    ['t', "TIMESTAMPTZ '2024-07-03 09:30:00-04'"],
    ['time', `${OPEN / 1000}::BIGINT`],
    ['time', `${OPEN / 1000}::INTEGER`],
    ['t', `${OPEN}::BIGINT`],
    ['t', `${OPEN}000::BIGINT`],
    ['datetime', `${OPEN}000000::BIGINT`],
    ['date', "'2024-07-03T09:30:00-04:00'"],
    ['Timestamp', "'2024-07-03T13:30:00Z'"],
    ['timestamp', "'2024-07-03 13:30:00'"],
  ])('%s as %s', async (name, value) => {
    expect(await asOurs('equities_bars_minute', `SELECT ${value} AS ${name}, ${PRICES}`)).toMatchObject([MINUTE])
  })

  test.each(["'soon'", "'2024-07-03'", 'NULL::BIGINT', '(-9223372036854775808)::BIGINT'])(
    '%s is none',
    async (value) => {
      expect(await asOurs('equities_bars_minute', `SELECT ${value} AS t, ${PRICES}`)).toMatchObject([{ ts: null }])
    },
  )

  test('a date has no minute', async () => {
    expect(await asOurs('equities_bars_minute', `SELECT DATE '2024-07-03' AS date, ${PRICES}`)).toContain(
      'cannot be ts',
    )
  })
})

describe('column mapping: the stamp of a day', () => {
  test.each([
    "DATE '2024-07-03'",
    "'2024-07-03'",
    "TIMESTAMP '2024-07-03 00:00:00'",
    `${Date.parse('2024-07-03')}::BIGINT`,
    "TIMESTAMPTZ '2024-07-03 00:00:00-04'",
    `${MIDNIGHT}::BIGINT`,
  ])('%s begins when the day begins in New York', async (value) => {
    expect(await asOurs('equities_bars', `SELECT ${value} AS date, ${PRICES}`)).toMatchObject([{ ts: MIDNIGHT }])
  })

  test('the bare name of another day stays one', async () => {
    const other = Date.parse('2024-07-04')
    expect(await asOurs('equities_bars', `SELECT DATE '2024-07-04' AS date, ${PRICES}`)).toMatchObject([{ ts: other }])
  })
})

describe('column mapping: yields', () => {
  test('series_id is the series, and its group the symbol', async () => {
    const sql = "SELECT 'DGS10' AS series_id, 4.25 AS value UNION ALL SELECT 'CPI', 300"
    expect(await asOurs('macro_treasury', sql, null)).toMatchObject([
      { series: 'DGS10', value: 4.25, symbol: 'UST', realtime_start: null, date: null },
      { series: 'CPI', symbol: null },
    ])
  })
})

describe('column mapping: options', () => {
  const bar = (contract: string) =>
    asOurs('options_bars', `SELECT ${contract}, DATE '2024-07-03' AS date, ${PRICES}`, null)
  const PARTS = {
    underlier: 'AAPL',
    symbol: 'AAPL',
    expiration: '2024-07-19',
    right: 'put',
    strike: 212.5,
    ts: MIDNIGHT,
  }

  test.each([
    "'AAPL240719P00212500' AS contract",
    "'AAPL  240719P00212500' AS option_symbol",
    "'O:AAPL240719P00212500' AS symbol",
    "'AAPL240719P00212500' AS contract, 'AAPL' AS symbol",
  ])('the contract of %s says the rest', async (contract) => {
    expect(await bar(contract)).toMatchObject([{ contract: 'AAPL240719P00212500', ...PARTS }])
  })

  test('an adjusted contract is on the same underlier, and a column of its own says it better than the root', async () => {
    expect(await bar("'AAPL1240719P00212500' AS contract")).toMatchObject([
      { contract: 'AAPL1240719P00212500', ...PARTS },
    ])
    expect(await bar("'BRKB240719P00212500' AS contract, 'BRK.B' AS underlying")).toMatchObject([{ symbol: 'BRK.B' }])
  })

  test('what is no contract is none', async () => {
    expect(await bar("'AAPL' AS symbol")).toMatchObject([{ contract: null, strike: null }])
  })
})
