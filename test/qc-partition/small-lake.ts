/** A lake in a temporary folder, with curated and raw files written by DuckDB itself, for tests of QC and export. */
import { readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { parse } from 'yaml'
import { type DatasetConfig, Datasets, Qc } from '../../config/schema.ts'
import type { Session } from '../../functions/_calendar/session.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { withTable } from '../../functions/_lake/duck-table.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { curatedFile, type RawLayout, rawFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'

export const QC = Qc.parse(parse(readFileSync('config/qc.yaml', 'utf8')))
const datasets = Datasets.parse(parse(readFileSync('config/datasets.yaml', 'utf8'))).datasets

export function specOf(dataset: DatasetName): DatasetConfig {
  const spec = datasets[dataset]
  if (!spec) throw new Error(`config/datasets.yaml has no ${dataset}`)
  return spec
}

/** An empty lake, removed after the test. */
export async function smallLake(): Promise<Lake> {
  const folder = await mkdtemp(join(tmpdir(), 'small-lake-'))
  const lake = openLake({ root: join(folder, 'data_layer'), exportRoot: join(folder, 'exports') })
  onTestFinished(async () => {
    await closeLake(lake)
    await rm(folder, { recursive: true, force: true })
  })
  await mkdir(lake.root, { recursive: true })
  return lake
}

/** A regular session; pass another close for a half day. */
export const sessionOf = (dt: Dt, close = '16:00'): Session => ({
  dt,
  open: instantOf(dt, '09:30'),
  close: instantOf(dt, close),
})

export interface TestBar {
  symbol: string
  dt: Dt
  ts: number
  open: number | null
  high: number | null
  low: number | null
  close: number | null
  volume: number | null
  vwap: number | null
  trades: number | null
  vendor: string | null
  feed: string
}

/** A clean daily bar; `change` breaks it. */
export const dailyBar = (symbol: string, dt: Dt, change: Partial<TestBar> = {}): TestBar => ({
  symbol,
  dt,
  ts: instantOf(dt, '00:00'),
  open: 100,
  // No three days of the same prices: that is one too.
  high: 110 + Number(dt.slice(8)) / 100,
  low: 95,
  close: 105,
  // Another volume each day: a bar that repeats the one before is a fault.
  volume: 1_000_000 + Number(dt.slice(5, 7)) * 31 + Number(dt.slice(8)),
  vwap: 102.5,
  trades: 5000,
  vendor: 'alpaca',
  feed: 'sip',
  ...change,
})

/** Clean minute bars at these minutes of the regular session (0 is 09:30), a few cents apart from minute to minute and from day to day. */
export const minuteBars = (symbol: string, dt: Dt, minutes: number[], change: Partial<TestBar> = {}): TestBar[] =>
  minutes.map((minute) => {
    const cents = ((minute % 7) + Number(dt.slice(8))) / 100
    const prices = { open: 100 + cents, high: 110 + cents, low: 95 + cents, close: 105 + cents, vwap: 102.5 + cents }
    return dailyBar(symbol, dt, { ...prices, ts: instantOf(dt, '09:30') + minute * 60_000, ...change })
  })

export const upTo = (count: number): number[] => Array.from({ length: count }, (_, at) => at)

const BAR_COLUMNS = {
  symbol: 'VARCHAR',
  dt: 'DATE',
  us: 'BIGINT',
  open: 'DOUBLE',
  high: 'DOUBLE',
  low: 'DOUBLE',
  close: 'DOUBLE',
  volume: 'DOUBLE',
  vwap: 'DOUBLE',
  trades: 'BIGINT',
  vendor: 'VARCHAR',
  feed: 'VARCHAR',
}
const values = (bars: TestBar[]) =>
  bars.map((bar) => [
    ...[bar.symbol, bar.dt, Math.round(bar.ts * 1000), bar.open, bar.high, bar.low, bar.close, bar.volume, bar.vwap],
    ...[bar.trades, bar.vendor, bar.feed],
  ])

async function copy(lake: Lake, sql: string, path: string): Promise<string> {
  await mkdir(dirname(path), { recursive: true })
  await lake.duck.run(`COPY (${sql}) TO ${sqlText(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 100000)`)
  return path
}

/** Writes a curated file of bars with the columns curation writes; `select` replaces columns (DuckDB's REPLACE list). */
export function writeCurated(
  lake: Lake,
  dataset: DatasetName,
  partition: string,
  bars: TestBar[],
  select = '*',
): Promise<string> {
  const spec = specOf(dataset)
  const session = spec.expected_rows === 'session_minutes' ? "'regular' AS session," : ''
  return withTable(lake.duck, 'bars', BAR_COLUMNS, values(bars), (table) =>
    copy(
      lake,
      `SELECT ${select} FROM (SELECT symbol, dt, make_timestamptz(us) AS ts, open, high, low, close, volume, vwap, trades, ${session}
         vendor, feed, 'raw' AS adjustment FROM ${table}) ORDER BY symbol, ts`,
      curatedFile(lake.root, dataset, spec.partition, partition),
    ),
  )
}

/** Writes the raw files of the bars, one per vendor and day (or per cell), with the columns raw files have. */
export async function writeRaw(
  lake: Lake,
  dataset: DatasetName,
  bars: TestBar[],
  layout: RawLayout = specOf(dataset).raw_layout,
): Promise<void> {
  const files = new Map<string, TestBar[]>()
  for (const bar of bars) {
    const path = rawFile(lake.root, bar.vendor ?? 'alpaca', dataset, layout, bar.dt, bar.symbol)
    files.set(path, [...(files.get(path) ?? []), bar])
  }
  for (const [path, rows] of files) {
    await withTable(lake.duck, 'bars', BAR_COLUMNS, values(rows), (table) =>
      copy(
        lake,
        `SELECT symbol, make_timestamp(us) AS ts, open, high, low, close, volume, vwap, trades, coalesce(vendor, 'alpaca') AS vendor, feed, 'raw' AS adjustment,
           make_timestamp(1700000000000000) AS fetched_at FROM ${table}`,
        path,
      ),
    )
  }
}

/** Writes both sides of a clean partition. */
export async function writeBoth(lake: Lake, dataset: DatasetName, partition: string, bars: TestBar[]): Promise<string> {
  await writeRaw(lake, dataset, bars)
  return writeCurated(lake, dataset, partition, bars)
}

export interface TestYields {
  date: Dt
  values: Record<string, number | null>
}

/** Writes curated and raw files of the group UST; series that are not named are empty. */
export async function writeYields(lake: Lake, partition: string, days: TestYields[]): Promise<string> {
  const ids = specOf('macro_treasury').groups?.UST?.series.map((series) => series.id) ?? []
  const curated = days.map(
    ({ date, values: given }) =>
      `SELECT DATE '${date}' AS date, ${ids.map((id) => `${given[id] ?? 'NULL'}::DOUBLE AS "${id}"`).join(', ')}, 'fred' AS vendor, 'h15' AS feed`,
  )
  for (const { date, values: given } of days) {
    const rows = ids.map(
      (id) =>
        `SELECT 'UST' AS symbol, '${id}' AS series, ${given[id] ?? 'NULL'}::DOUBLE AS value, DATE '${date}' AS realtime_start, 'fred' AS vendor, 'h15' AS feed, 'none' AS adjustment, make_timestamp(1700000000000000) AS fetched_at`,
    )
    await copy(lake, rows.join(' UNION ALL '), rawFile(lake.root, 'fred', 'macro_treasury', 'date', date, 'UST'))
  }
  return copy(
    lake,
    `FROM (${curated.join(' UNION ALL ')}) ORDER BY date`,
    curatedFile(lake.root, 'macro_treasury', 'year', partition),
  )
}
