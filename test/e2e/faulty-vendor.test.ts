/** A vendor that serves nonsense: nothing wrong reaches a bundle, and a second vendor fills what it can. */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { closeLake, openLake } from '../../functions/_lake/lake.ts'
import { freshRoot, playNight } from './night.ts'

const HEADER = 'symbol,ts_utc,open,high,low,close,volume,session'
const SESSIONS = calendarOf('xnys').sessions('2024-06-03', '2024-06-28')

/** A low and a volume of the day's own: a bar that repeats the one before would be a fault as well. */
const LOW = 98
const dayOf = (dt: string): number => Number(dt.slice(-2))

type Fields = Partial<Record<'open' | 'high' | 'low' | 'close' | 'volume' | 'time', string | number>>
const row = (
  dt: string,
  {
    open = 100,
    high = 101,
    low = LOW + dayOf(dt) / 32,
    close = 100.5,
    volume = 1000 + dayOf(dt),
    time = '04:00:00',
  }: Fields = {},
) => `AAA,${dt}T${time}Z,${open},${high},${low},${close},${volume},${dt}`

/** What the faulty vendor says of a day; the other days are right. */
const FAULTS: Record<string, string[]> = {
  '2024-06-04': [row('2024-06-04'), row('2024-06-04')],
  '2024-06-05': [row('2024-06-05'), row('2024-06-05', { close: 100.7 })],
  '2024-06-06': [row('2024-06-06', { open: '' })],
  '2024-06-07': [row('2024-06-07', { close: 'NaN' })],
  '2024-06-10': [row('2024-06-10', { low: -5 })],
  '2024-06-11': [row('2024-06-11', { volume: -100 })],
  '2024-06-12': [],
  '2024-06-13': [row('2024-06-13', { high: 90 })],
  '2024-06-14': [row('2024-06-14', { time: '13:30:00' })],
  '2024-06-18': [row('2024-06-18'), row('2024-06-19')],
  '2024-06-21': [row('2024-06-21'), row('2024-06-22')],
}

async function folder(rowsOf: (dt: string) => string[]): Promise<string> {
  const root = await freshRoot()
  await mkdir(join(root, 'daily'))
  await writeFile(join(root, 'daily', 'AAA.csv'), `${[HEADER, ...SESSIONS.flatMap(rowsOf)].join('\n')}\n`)
  return root
}

async function read<Row extends Record<string, unknown>>(sql: string): Promise<Row[]> {
  const lake = openLake({ root: await freshRoot(), exportRoot: await freshRoot() })
  try {
    return await lake.duck.all<Row>(sql)
  } finally {
    await closeLake(lake)
  }
}

const ledgerOf = async (path: string): Promise<Record<string, string>> => {
  const rows = await read<{ dt: string; status: string; flags: string }>(
    `SELECT dt, status, flags FROM read_parquet('${path}/qc/partition_status.parquet') ORDER BY dt`,
  )
  return Object.fromEntries(rows.map(({ dt, status, flags }) => [dt, `${status} ${flags}`.trim()]))
}

test('faulty vendor: each fault of a lone vendor is held or explained, and none of its rows reaches the bundle', async () => {
  const faulty = await folder((dt) => FAULTS[dt] ?? [row(dt)])
  const night = await playNight(await freshRoot(), ['--alpaca-data', faulty])
  const ledger = await ledgerOf(night.bundle.path)
  expect(Object.keys(ledger)).toEqual(SESSIONS)
  expect(Object.fromEntries(Object.entries(ledger).filter(([, verdict]) => verdict !== 'GREEN'))).toEqual({
    '2024-06-04': 'AMBER DUPLICATE_ROWS',
    '2024-06-05': 'RED DUPLICATE_CONFLICT',
    '2024-06-06': 'RED GIVEN_UP',
    '2024-06-07': 'RED GIVEN_UP',
    '2024-06-10': 'RED NON_POSITIVE_PRICE',
    '2024-06-11': 'RED NEGATIVE_VOLUME',
    '2024-06-12': 'AMBER VENDORS_AGREE_EMPTY',
    '2024-06-13': 'RED OHLC_ORDER',
    '2024-06-14': 'RED SCHEMA',
  })
  expect(night.cells).toEqual({ expected: SESSIONS.length, present: 11, absent: 3, held: 5 })
  const bundled = await read<{ dt: string }>(
    `SELECT dt FROM read_parquet('${night.bundle.path}/curated/equities_bars/*/*.parquet') ORDER BY dt`,
  )
  expect(bundled.map(({ dt }) => dt)).toEqual(
    SESSIONS.filter((dt) => ledger[dt] === 'GREEN' || ledger[dt] === 'AMBER DUPLICATE_ROWS'),
  )
})

test('faulty vendor: a second vendor fills what the first lacks and replaces what was held', async () => {
  const faulty = await folder((dt) => FAULTS[dt] ?? [row(dt)])
  const right = await folder((dt) => [row(dt)])
  const night = await playNight(await freshRoot(), ['--alpaca-data', faulty, '--massive-data', right])
  expect(night.cells).toEqual({ expected: SESSIONS.length, present: SESSIONS.length, absent: 0, held: 0 })
  const rows = await read<{ vendor: string; cells: number; wrong: number }>(
    `SELECT vendor, count(*) AS cells, count(*) FILTER (WHERE (open, high, low, close, volume) <> (100, 101, ${LOW} + day(dt) / 32, 100.5, 1000 + day(dt))) AS wrong
     FROM read_parquet('${night.bundle.path}/curated/equities_bars/*/*.parquet') GROUP BY vendor ORDER BY vendor`,
  )
  expect(rows).toEqual([
    { vendor: 'alpaca', cells: 11, wrong: 0 },
    { vendor: 'massive', cells: 8, wrong: 0 },
  ])
})
