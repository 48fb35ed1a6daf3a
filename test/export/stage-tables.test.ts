import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { sha256 } from '../../functions/_lake/digest.ts'
import { type CellValue, withTable } from '../../functions/_lake/duck-table.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { parquetTexts } from '../../functions/_lake/parquet-sql.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { stageTables } from '../../functions/export/stage-tables.ts'
import type { BundleFile } from '../../functions/export/stage-vouched.ts'
import { smallLake, specOf } from '../qc-partition/small-lake.ts'

const [D1, D2, D3] = ['2024-07-02', '2024-07-03', '2024-07-05'] as const
const DATASETS = (['corporate_actions', 'equities_bars'] as const).map((name) => ({
  name,
  spec: specOf(name),
  partitions: [],
  expectedCells: 0,
  ranges: [],
}))

let lake: Lake
let staging: string
beforeEach(async () => {
  lake = await smallLake()
  staging = join(lake.exportRoot, '.staging', 'bundle')
})

async function put(
  dataset: 'corporate_actions' | 'equities_bars',
  columns: Record<string, string>,
  rows: CellValue[][],
): Promise<BundleFile> {
  const path = `curated/${dataset}/year=2024/data.parquet`
  await mkdir(dirname(join(staging, path)), { recursive: true })
  await withTable(lake.duck, dataset, columns, rows, (table) =>
    lake.duck.run(`COPY ${table} TO ${sqlText(join(staging, path))} (FORMAT parquet)`),
  )
  return { path, bytes: 0, sha256: '', rows: rows.length, dataset, partition: '2024' }
}

const BARS = {
  symbol: 'VARCHAR',
  dt: 'DATE',
  ts: 'TIMESTAMP',
  open: 'DOUBLE',
  high: 'DOUBLE',
  low: 'DOUBLE',
  close: 'DOUBLE',
  volume: 'DOUBLE',
  vwap: 'DOUBLE',
}
const bar = (dt: string, price: number): CellValue[] => [
  'AAPL',
  dt,
  `${dt} 04:00:00`,
  price,
  price,
  price,
  price,
  1000,
  null,
]
const ACTIONS = {
  symbol: 'VARCHAR',
  dt: 'DATE',
  kind: 'VARCHAR',
  effective_date: 'DATE',
  declaration_date: 'DATE',
  cash: 'DOUBLE',
  currency: 'VARCHAR',
  old_shares: 'DOUBLE',
  new_shares: 'DOUBLE',
  subtype: 'VARCHAR',
  first_seen: 'DATE',
  other_symbol: 'VARCHAR',
}

const withActions = async (): Promise<BundleFile[]> => [
  await put('equities_bars', BARS, [bar(D1, 100), bar(D2, 110), bar(D3, 27)]),
  await put('corporate_actions', ACTIONS, [
    ['AAPL', D2, 'cash_dividend', D2, D1, 10, null, null, null, null, null, null],
    ['AAPL', D3, 'split', D3, null, null, null, 1, 4, null, null, null],
  ]),
]

describe('bundle tables: the tables of a bundle', () => {
  test('are the calendars alone where there are no corporate actions', async () => {
    const files = await stageTables(lake, staging, DATASETS, [], [])
    expect(files.map(({ path }) => path)).toEqual([
      'tables/calendar.parquet',
      'tables/instruments.parquet',
      'tables/universe.parquet',
      'tables/availability.parquet',
      'load.py',
    ])
    const days = await lake.duck.all(
      `SELECT calendar, epoch_ms(opens) AS opens, epoch_ms(closes) AS closes, half_day FROM read_parquet(${sqlText(join(staging, 'tables/calendar.parquet'))})
       WHERE dt BETWEEN DATE '2024-07-03' AND DATE '2024-07-04' ORDER BY ALL`,
    )
    expect(days).toEqual([
      { calendar: 'fed', opens: null, closes: null, half_day: null },
      {
        calendar: 'xnys',
        opens: Date.parse('2024-07-03T13:30Z'),
        closes: Date.parse('2024-07-03T17:00Z'),
        half_day: true,
      },
    ])
  })

  test('have no adjusted bars in the views where there are no daily bars', async () => {
    const [, actions] = await withActions()
    const files = await stageTables(lake, staging, DATASETS, actions ? [actions] : [], [])
    expect(files.map(({ path }) => path)).toEqual([
      'tables/calendar.parquet',
      'tables/instruments.parquet',
      'tables/universe.parquet',
      'tables/availability.parquet',
      'tables/adjustment_factors.parquet',
      'load.py',
      'views.sql',
    ])
    expect(await readFile(join(staging, 'views.sql'), 'utf8')).not.toContain('equities_bars')
  })

  test('name the bytes that lie there, which are the same every time', async () => {
    const data = await withActions()
    const files = await stageTables(lake, staging, DATASETS, data, [])
    expect(files.map(({ path, rows }) => [path, rows ?? null])).toEqual([
      ['tables/calendar.parquet', expect.any(Number)],
      ['tables/instruments.parquet', 0],
      ['tables/universe.parquet', 0],
      ['tables/availability.parquet', expect.any(Number)],
      ['tables/adjustment_factors.parquet', 2],
      ['load.py', null],
      ['views.sql', null],
    ])
    for (const file of files) expect(sha256(await readFile(join(staging, file.path)))).toBe(file.sha256)
    expect(await stageTables(lake, staging, DATASETS, data, [])).toEqual(files)
  })

  test('are made anew for other datasets, though one process kept them', async () => {
    const rowsOfAvailability = async (datasets: typeof DATASETS): Promise<number | undefined> =>
      (await stageTables(lake, staging, datasets, [], [])).find(({ path }) => path.includes('availability'))?.rows
    const both = (await rowsOfAvailability(DATASETS)) ?? 0
    expect(await rowsOfAvailability(DATASETS.slice(1))).toBe(both / 2)
    expect(await rowsOfAvailability(DATASETS)).toBe(both)
  })

  test('say in their footers the version of the schema and the units of their columns', async () => {
    await stageTables(lake, staging, DATASETS, await withActions(), [])
    const texts = await lake.duck.all(
      `SELECT decode(key) AS key, decode(value) AS value FROM ${parquetTexts(join(staging, 'tables/adjustment_factors.parquet'))} ORDER BY key`,
    )
    expect(texts).toEqual([
      { key: 'schema_version', value: '2' },
      {
        key: 'units',
        value:
          '{"cash":"dollars a share, before the ex-date","distribution":"dollars a share, before the ex-date","previous_close":"dollars"}',
      },
    ])
  })

  test('give adjusted bars through the views', async () => {
    await stageTables(lake, staging, DATASETS, await withActions(), [])
    await lake.duck.run(`SET file_search_path = ${sqlText(staging)}`)
    for (const statement of (await readFile(join(staging, 'views.sql'), 'utf8')).split(';')) {
      if (statement.trim() !== '') await lake.duck.run(statement)
    }
    const bars = await lake.duck.all(
      'SELECT dt, close, close_split, volume_split, close_total, vwap_total FROM equities_bars ORDER BY dt',
    )
    const total = (1 - 10 / 100) / 4
    expect(bars).toEqual([
      { dt: D1, close: 100, close_split: 25, volume_split: 4000, close_total: 100 * total, vwap_total: null },
      { dt: D2, close: 110, close_split: 27.5, volume_split: 4000, close_total: 27.5, vwap_total: null },
      { dt: D3, close: 27, close_split: 27, volume_split: 1000, close_total: 27, vwap_total: null },
    ])
  })
})
