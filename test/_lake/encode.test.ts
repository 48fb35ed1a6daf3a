import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ColumnConfig } from '../../config/schema.ts'
import { encodeRows } from '../../functions/_lake/encode.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import type { RawPart } from '../../functions/_lake/raw-part.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { Bar, Provenance, Row } from '../../functions/_market/row.ts'

let lake: Lake
beforeAll(async () => {
  const root = await mkdtemp(join(tmpdir(), 'encode-'))
  lake = openLake({ root, exportRoot: join(root, 'exports') })
})
afterAll(async () => {
  await closeLake(lake)
  await rm(lake.root, { recursive: true, force: true })
})

const required = (name: string, type: ColumnConfig['type']): ColumnConfig => ({ name, type, optional: false })
const optional = (name: string, type: ColumnConfig['type']): ColumnConfig => ({ name, type, optional: true })
const BAR_COLUMNS = [
  required('ts', 'instant'),
  ...['open', 'high', 'low', 'close', 'volume'].map((name) => required(name, 'double')),
  optional('vwap', 'double'),
  optional('trades', 'integer'),
]
const FETCHED = Date.UTC(2024, 6, 4, 1, 2, 3, 456)
const provenance: Provenance = { vendor: 'alpaca', feed: 'sip', adjustment: 'raw', fetchedAt: FETCHED }
const bar = (ts: number, more: Partial<Bar> = {}): Bar => ({
  ts,
  open: 1.1,
  high: 2.2,
  low: 0.1 + 0.2,
  close: 1e-12,
  volume: 12.5,
  vwap: null,
  trades: null,
  ...more,
})

let files = 0
async function stored(columns: ColumnConfig[], parts: RawPart[]): Promise<string> {
  const path = join(lake.root, `${++files}.parquet`)
  await writeFile(path, await encodeRows(columns, parts))
  return `read_parquet(${sqlText(path)})`
}

test('encode: a bar comes back as it went in, with its columns in the agreed order', async () => {
  const ts = Date.UTC(2024, 6, 3, 13, 30)
  const rows = [bar(ts, { vwap: 1.5, trades: 2 ** 53 - 1 }), bar(ts + 60_000)]
  const from = await stored(BAR_COLUMNS, [{ symbol: 'BRK.B', provenance, rows }])
  expect(await lake.duck.all(`SELECT * FROM ${from}`)).toEqual(
    rows.map((row) => ({
      symbol: 'BRK.B',
      ...row,
      vendor: 'alpaca',
      feed: 'sip',
      adjustment: 'raw',
      fetched_at: FETCHED,
    })),
  )
  const described = await lake.duck.all(
    `SELECT column_name AS name, column_type AS type FROM (DESCRIBE SELECT * FROM ${from})`,
  )
  expect(described.map(({ name, type }) => `${name} ${type}`)).toEqual([
    'symbol VARCHAR',
    'ts TIMESTAMP',
    'open DOUBLE',
    'high DOUBLE',
    'low DOUBLE',
    'close DOUBLE',
    'volume DOUBLE',
    'vwap DOUBLE',
    'trades BIGINT',
    'vendor VARCHAR',
    'feed VARCHAR',
    'adjustment VARCHAR',
    'fetched_at TIMESTAMP',
  ])
})

test('encode: every type keeps its edge values: empty and wide text, days and instants before 1970, negative zero, mixed nulls', async () => {
  const columns = [
    required('word', 'text'),
    optional('maybe', 'text'),
    required('day', 'day'),
    required('at', 'instant'),
    optional('n', 'integer'),
    optional('x', 'double'),
  ]
  const values = [
    { word: '', maybe: null, day: '1962-01-02', at: -1, n: -(2 ** 53) + 1, x: -0 },
    { word: '日本🚀é\0', maybe: '', day: '2024-02-29', at: 0, n: null, x: Number.MAX_VALUE },
    { word: 'plain', maybe: "'", day: '1970-01-01', at: 1_720_013_400_123.25, n: 0, x: null },
  ]
  const from = await stored(columns, [{ symbol: 'X', provenance, rows: values as unknown as Row[] }])
  const seen = await lake.duck.all(`SELECT word, maybe, day, "at", n, x FROM ${from}`)
  expect(seen).toEqual(values)
})

test('encode: a file knows the least and greatest value and the nulls of every column', async () => {
  const rows = Array.from({ length: 50 }, (_, i) => bar(1_000 * i, { open: 50 - i, trades: i % 10 === 0 ? null : i }))
  const from = await stored(BAR_COLUMNS, [
    { symbol: 'A', provenance, rows },
    { symbol: 'Z', provenance, rows },
  ])
  const stats = await lake.duck.all<{ name: string; min: string; max: string; nulls: number; ndv: unknown }>(
    `SELECT path_in_schema AS name, stats_min_value AS min, stats_max_value AS max, stats_null_count AS nulls, stats_distinct_count AS ndv
     FROM ${from.replace('read_parquet', 'parquet_metadata')}`,
  )
  const of = (name: string) => stats.find((row) => row.name === name)
  expect(of('symbol')).toEqual({ name: 'symbol', min: 'A', max: 'Z', nulls: 0, ndv: null })
  expect(of('open')).toMatchObject({ min: '1.0', max: '50.0', nulls: 0 })
  expect(of('trades')).toMatchObject({ min: '1', max: '49', nulls: 10 })
  expect(of('vwap')).toMatchObject({ min: null, max: null, nulls: 100 })
  expect(of('ts')?.max).toMatch(/^1970-01-01 00:00:49/)
})

test('encode: text beyond the basic plane carries no statistics, so that no reader skips it', async () => {
  const from = await stored(
    [required('word', 'text')],
    [{ symbol: 'X', provenance, rows: [{ word: '\uffee' }, { word: '🚀' }] as unknown as Row[] }],
  )
  expect(await lake.duck.all(`SELECT word FROM ${from} WHERE word >= '🚀'`)).toEqual([{ word: '🚀' }])
})

test('encode: no rows make a file that has its columns', async () => {
  const from = await stored(BAR_COLUMNS, [])
  expect(await lake.duck.all(`SELECT * FROM ${from}`)).toEqual([])
  expect(await lake.duck.all(`SELECT count(*) AS n FROM (DESCRIBE SELECT * FROM ${from})`)).toEqual([{ n: 13 }])
})

test('encode: a quarter of a million rows fall into three row groups and lose nothing', async () => {
  const rows = Array.from({ length: 125_000 }, (_, i) => bar(i * 60_000, { open: i / 7, trades: i % 3 ? i : null }))
  const from = await stored(BAR_COLUMNS, [
    { symbol: 'AAA', provenance, rows },
    { symbol: 'BBB', provenance, rows },
  ])
  const [sums] = await lake.duck.all(
    `SELECT count(*) AS n, count(DISTINCT symbol) AS symbols, count(trades) AS trades, sum(trades) AS total,
       count(*) FILTER (open = (epoch_ms(ts) / 60000) / 7.0::DOUBLE) AS exact FROM ${from}`,
  )
  const trades = rows.filter((row) => row.trades !== null)
  expect(sums).toEqual({
    n: 250_000,
    symbols: 2,
    trades: 2 * trades.length,
    total: 2 * trades.reduce((sum, row) => sum + (row.trades ?? 0), 0),
    exact: 250_000,
  })
  const groups = await lake.duck.all(
    `SELECT DISTINCT row_group_id AS id, row_group_num_rows AS n FROM ${from.replace('read_parquet', 'parquet_metadata')} ORDER BY 1`,
  )
  expect(groups.map(({ n }) => n)).toEqual([100_000, 100_000, 50_000])
})

test('encode: the same rows make the same bytes', async () => {
  const parts = () => [
    { symbol: 'A', provenance, rows: Array.from({ length: 1_000 }, (_, i) => bar(i, { vwap: i / 3 })) },
  ]
  expect(await encodeRows(BAR_COLUMNS, parts())).toEqual(await encodeRows(BAR_COLUMNS, parts()))
})

test.each([
  ['open', { open: Number.NaN }, /column open of row 1 of SPY.*NaN/],
  ['volume', { volume: Number.POSITIVE_INFINITY }, /column volume/],
  ['close', { close: undefined }, /column close.*undefined/],
  ['high', { high: null }, /column high.*null/],
  ['low', { low: '1.5' }, /column low.*"1.5"/],
  ['vwap', { vwap: Number.NaN }, /column vwap/],
  ['trades', { trades: 1.5 }, /column trades/],
  ['trades', { trades: 2 ** 53 }, /column trades/],
  ['ts', { ts: Number.NaN }, /column ts/],
])('encode: a %s that cannot be stored is refused by name: %o', async (_name, broken, message) => {
  const rows = [bar(0), { ...bar(60_000), ...broken } as unknown as Bar]
  await expect(encodeRows(BAR_COLUMNS, [{ symbol: 'SPY', provenance, rows }])).rejects.toThrow(message)
})
