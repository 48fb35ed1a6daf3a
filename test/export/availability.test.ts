import { execFile } from 'node:child_process'
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type CellValue, withTable } from '../../functions/_lake/duck-table.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { stageTables } from '../../functions/export/stage-tables.ts'
import type { BundleFile } from '../../functions/export/stage-vouched.ts'
import { smallLake, specOf } from '../qc-partition/small-lake.ts'

/** A summer day and the half day before a holiday, and a winter day before the clocks change. */
const [FULL, HALF, WINTER] = ['2024-07-02', '2024-07-03', '2024-03-08'] as const

let lake: Lake
let staging: string
beforeEach(async () => {
  lake = await smallLake()
  staging = join(lake.exportRoot, '.staging', 'bundle')
})

async function put(path: string, columns: Record<string, string>, rows: CellValue[][], dataset?: DatasetName) {
  await mkdir(dirname(join(staging, path)), { recursive: true })
  await withTable(lake.duck, 'rows', columns, rows, (table) =>
    lake.duck.run(`COPY ${table} TO ${sqlText(join(staging, path))} (FORMAT parquet)`),
  )
  const file: BundleFile = { path, bytes: 0, sha256: '', rows: rows.length }
  return dataset ? { ...file, dataset, partition: '2024' } : file
}

/** Stages the tables and opens the views as DuckDB would in the folder of the bundle. */
async function openViews(data: BundleFile[], names: DatasetName[]): Promise<void> {
  const datasets = names.map((name) => ({ name, spec: specOf(name), partitions: [], expectedCells: 0, ranges: [] }))
  await stageTables(lake, staging, datasets, data, [])
  await lake.duck.run(`SET file_search_path = ${sqlText(staging)}`)
  for (const statement of (await readFile(join(staging, 'views.sql'), 'utf8')).split(';')) {
    if (statement.replaceAll(/^--.*$/gm, '').trim() !== '') await lake.duck.run(statement)
  }
}

const at = (text: string): number => Date.parse(text)

async function instants(view: string, key: string): Promise<unknown[]> {
  const rows = await lake.duck.all(`SELECT ${key} AS key, available_at FROM ${view} ORDER BY ALL`)
  return rows.map((row) => [row.key, row.available_at])
}

describe('availability: a row is known', () => {
  test('of daily bars when late trading is over, four hours after the close, on half days and in winter too', async () => {
    const rows = [FULL, HALF, WINTER].map((dt): CellValue[] => ['A', dt, 1, 1, 1, 1, 1, 1, `${dt} 04:00:00`])
    const columns = { symbol: 'VARCHAR', dt: 'DATE', open: 'DOUBLE', high: 'DOUBLE', low: 'DOUBLE', close: 'DOUBLE' }
    const all = { ...columns, volume: 'DOUBLE', vwap: 'DOUBLE', ts: 'TIMESTAMPTZ' }
    await openViews(
      [await put('curated/equities_bars/year=2024/data.parquet', all, rows, 'equities_bars')],
      ['equities_bars'],
    )
    expect(await instants('equities_bars', 'dt')).toEqual([
      [WINTER, at('2024-03-08T20:00-05:00')],
      [FULL, at('2024-07-02T20:00-04:00')],
      [HALF, at('2024-07-03T17:00-04:00')],
    ])
    const names = await lake.duck.all('DESCRIBE equities_bars')
    expect(names.map(({ column_name }) => column_name)).toEqual([...Object.keys(all), 'available_at'])
  })

  test('of minutes with the end of the minute', async () => {
    const rows: CellValue[][] = [['A', FULL, `${FULL} 13:30:00+00`]]
    const path = `curated/equities_bars_minute/date=${FULL}/data.parquet`
    const columns = { symbol: 'VARCHAR', dt: 'DATE', ts: 'TIMESTAMPTZ' }
    await openViews([await put(path, columns, rows, 'equities_bars_minute')], ['equities_bars_minute'])
    expect(await instants('equities_bars_minute', 'dt')).toEqual([[FULL, at('2024-07-02T13:31Z')]])
  })

  test('of options a quarter of an hour after the close', async () => {
    const rows: CellValue[][] = [FULL, HALF].map((dt) => ['SPY', dt, `${dt} 04:00:00+00`])
    const path = `curated/options_bars/date=${FULL}/data.parquet`
    const columns = { symbol: 'VARCHAR', dt: 'DATE', ts: 'TIMESTAMPTZ' }
    await openViews([await put(path, columns, rows, 'options_bars')], ['options_bars'])
    expect(await instants('options_bars', 'dt')).toEqual([
      [FULL, at('2024-07-02T16:15-04:00')],
      [HALF, at('2024-07-03T13:15-04:00')],
    ])
  })

  test('of options with the close of the underlier beside, which is known by then; none where it is not known', async () => {
    const options: CellValue[][] = [FULL, HALF].map((dt) => ['SPY', dt, `${dt} 04:00:00+00`])
    const columns = { symbol: 'VARCHAR', dt: 'DATE', ts: 'TIMESTAMPTZ' }
    const stocks = { symbol: 'VARCHAR', dt: 'DATE', close: 'DOUBLE', open: 'DOUBLE', high: 'DOUBLE', low: 'DOUBLE' }
    const closes: CellValue[][] = [
      ['SPY', FULL, 549.01, 1, 1, 1, 1, 1, `${FULL} 04:00:00`],
      ['AAPL', HALF, 221.5, 1, 1, 1, 1, 1, `${HALF} 04:00:00`],
    ]
    await openViews(
      [
        await put(`curated/options_bars/date=${FULL}/data.parquet`, columns, options, 'options_bars'),
        await put(
          'curated/equities_bars/year=2024/data.parquet',
          { ...stocks, volume: 'DOUBLE', vwap: 'DOUBLE', ts: 'TIMESTAMPTZ' },
          closes,
          'equities_bars',
        ),
      ],
      ['options_bars', 'equities_bars'],
    )
    expect(await lake.duck.all('SELECT dt, underlying_close FROM options_bars ORDER BY dt')).toEqual([
      { dt: FULL, underlying_close: 549.01 },
      { dt: HALF, underlying_close: null },
    ])
  })

  test('of corporate actions with the open of the session after the announcement, or of the ex-date where nobody states one', async () => {
    const rows: CellValue[][] = [
      ['declared on a Friday', FULL, '2024-06-21'],
      ['declared before a holiday', '2024-07-08', HALF],
      ['declared after its ex-date', FULL, HALF],
      ['not stated', FULL, null],
    ]
    const path = 'curated/corporate_actions/year=2024/data.parquet'
    const columns = {
      symbol: 'VARCHAR',
      dt: 'DATE',
      declaration_date: 'DATE',
      kind: 'VARCHAR',
      effective_date: 'DATE',
      cash: 'DOUBLE',
      currency: 'VARCHAR',
      subtype: 'VARCHAR',
      old_shares: 'DOUBLE',
      new_shares: 'DOUBLE',
      first_seen: 'DATE',
      other_symbol: 'VARCHAR',
    }
    const full = rows.map(([name, dt, declared]): CellValue[] => [
      name!,
      dt!,
      declared ?? null,
      'merger',
      dt!,
      null,
      null,
      null,
      null,
      null,
      null,
      null,
    ])
    await openViews([await put(path, columns, full, 'corporate_actions')], ['corporate_actions'])
    expect(await instants('corporate_actions', 'symbol')).toEqual([
      ['declared after its ex-date', at('2024-07-05T09:30-04:00')],
      ['declared before a holiday', at('2024-07-05T09:30-04:00')],
      ['declared on a Friday', at('2024-06-24T09:30-04:00')],
      ['not stated', at('2024-07-02T09:30-04:00')],
    ])
  })

  test('of yields with the next H.15, and of a vintage not before the first H.15 on or after its publication', async () => {
    const wide: CellValue[][] = [
      [HALF, 4.36],
      ['2024-07-05', 4.28],
    ]
    const vintages: CellValue[][] = [
      ['the next business day', HALF, HALF],
      ['two days later', HALF, '2024-07-08'],
      ['on a Sunday', HALF, '2024-07-14'],
      ['nobody knows when', HALF, null],
    ]
    const data = [
      await put(
        'curated/macro_treasury/year=2024/data.parquet',
        { date: 'DATE', dgs10: 'DOUBLE' },
        wide,
        'macro_treasury',
      ),
      await put(
        'tables/macro_treasury_vintages.parquet',
        { series: 'VARCHAR', date: 'DATE', realtime_start: 'DATE' },
        vintages,
      ),
    ]
    await openViews(data, ['macro_treasury'])
    expect(await instants('macro_treasury', 'date')).toEqual([
      // Independence Day lies between.
      [HALF, at('2024-07-05T16:15-04:00')],
      ['2024-07-05', at('2024-07-08T16:15-04:00')],
    ])
    expect(await instants('macro_treasury_vintages', 'series')).toEqual([
      ['nobody knows when', null],
      ['on a Sunday', at('2024-07-15T16:15-04:00')],
      ['the next business day', at('2024-07-05T16:15-04:00')],
      ['two days later', at('2024-07-08T16:15-04:00')],
    ])
  })
})

describe('availability: load.py', () => {
  test('is a program that Python reads', async (context) => {
    await stageTables(lake, staging, [], [], [])
    const said = await new Promise<string>((resolve) => {
      execFile(
        'python3',
        ['-c', `import ast; ast.parse(open('load.py').read()); print('read')`],
        { cwd: staging },
        (error, out) => resolve(error?.code === 'ENOENT' ? 'no python' : out + (error?.message ?? '')),
      )
    })
    if (said === 'no python') return context.skip('there is no python3')
    expect(said.trim()).toBe('read')
  })
})
