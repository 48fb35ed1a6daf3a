import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readRawCells } from '../../functions/_lake/file-parts.ts'
import { curatedFile } from '../../functions/_lake/paths.ts'
import { writeCells } from '../../functions/_lake/write-cells.ts'
import { bar, dropLake, from, specOf, tempLake } from '../_lake/lake-fixture.ts'
import { oldFile } from '../adopt/old-tree.ts'
import { ASOF, FIRST, SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

const DTS = ['2025-06-30', '2025-07-01', '2025-07-02', '2025-07-03', '2025-07-07', '2025-07-08']
const SERIES = Object.values(specOf('macro_treasury').groups ?? {}).flatMap(({ series }) => series.map(({ id }) => id))
const MINUTES = 390

let node: TestNode
beforeEach(async () => {
  node = await startTestNode({
    change: (config) => {
      const minute = { ...specOf('equities_bars_minute'), depth: { from: ASOF } }
      return { ...config, datasets: { ...config.datasets, equities_bars_minute: minute } }
    },
  })
})
afterEach(() => node.remove())

const data = (...parts: string[]): string => join(node.root, 'data_layer', ...parts)
const running = () => node.running().node
const write = (place: string, query: string) => oldFile(running().lake.duck, data(), place, query)
const midnight = (dt: string): number => Date.parse(`${dt}T04:00:00Z`)
const steps = (...names: string[]) => node.steps(...names)

/** The stamp of a day, another spelling each. */
const DAYS: ((dt: string) => string)[] = [
  (dt) => `TIMESTAMP '${dt} 04:00:00' AS timestamp`,
  (dt) => `${midnight(dt)}::BIGINT AS t`,
  (dt) => `DATE '${dt}' AS date`,
  (dt) => `'${dt}T00:00:00-04:00' AS datetime`,
  (dt) => `${midnight(dt) / 1000}::INTEGER AS time`,
  (dt) => `TIMESTAMPTZ '${dt} 00:00:00-04' AS ts`,
]
/** The bar of a day: no two days have the same low and volume, and the newest is that of its minutes. */
const priceOf = (at: number) => ({ open: 10.3, high: 10.5, low: 10.2 - (SESSIONS - 1 - at) / 64, close: 10.3389 })
const VOLUME = (MINUTES * (100 + 100 + MINUTES - 1)) / 2
const volumeOf = (at: number): number => VOLUME - (SESSIONS - 1 - at)
const letters = (at: number): string =>
  `10.3 AS o, 10.5 AS h, ${priceOf(at).low} AS l, 10.3389 AS c, ${volumeOf(at)} AS v, 10.3 AS vw, 7 AS n`
const capitals = (at: number): string =>
  `10.3 AS "Open", 10.5::DECIMAL(9,2) AS "High", ${priceOf(at).low} AS "Low", 10.3389::DOUBLE AS "Close", ${volumeOf(at)} AS "Volume", 10.3 AS "VWAP", 7.0::DOUBLE AS trade_count`

/** Bars of both symbols, minutes and yields; not one file spells all of its columns as ours do. */
async function foreignTree(): Promise<void> {
  for (const [at, dt] of DTS.entries()) {
    const stamp = DAYS[at]!(dt)
    await write(`alpaca/equities_bars/date=${dt}/symbol=AAPL/data.parquet`, `SELECT ${stamp}, ${letters(at)}`)
    await write(`alpaca/equities_bars/date=${dt}/data.parquet`, `SELECT 'MSFT' AS ticker, ${stamp}, ${capitals(at)}`)
    const yields = SERIES.map(
      (id, n) => `SELECT '${id}' AS series_id, ${4 + n / 100 + at / 64} AS value, DATE '${dt}' AS date`,
    )
    const more = ["SELECT 'CPIAUCSL', 300.0, NULL"]
    await write(`fred/macro_treasury/date=${dt}/data.parquet`, [...yields, ...more].join(' UNION ALL '))
  }
  const open = Date.parse(`${ASOF}T13:30:00Z`)
  const minutes = (stamp: string) =>
    `SELECT ${stamp}, 10.3 AS o, 10.5 AS h, 10.2 AS l, 10.3 + m / 10000 AS c, 100 + m AS v FROM range(${MINUTES}) r(m)`
  const place = (symbol: string) => `alpaca/equities_bars_minute/date=${ASOF}/symbol=${symbol}/data.parquet`
  await write(place('AAPL'), minutes(`(${open} + m * 60000) * 1000000 AS timestamp`))
  await write(place('MSFT'), minutes(`strftime(to_timestamp(${open / 1000} + m * 60), '%Y-%m-%dT%H:%M:%SZ') AS t`))
}

test.each(['names', 'footers', 'rows'])(
  'foreign columns: a tree in foreign columns, adopted by %s, comes out of curation, QC and export like data of this node',
  async (verify) => {
    await foreignTree()
    // The symbols of a shared file are in no name.
    if (verify === 'names') await node.post('/adopt', { verify: 'footers' })
    const adopted = (await node.post('/adopt', { verify })).body
    if (verify !== 'names') expect(adopted).toMatchObject({ cells: 3 * SESSIONS + 2, problems: [] })
    await steps('audit', 'curate-partition', 'qc-partition', 'export')
    const { duck } = running().lake

    const ledger = await duck.all(
      `SELECT dataset, status, flags, count(*) AS cells FROM '${data('qc/ledger/*/*.parquet')}' GROUP BY ALL ORDER BY dataset`,
    )
    expect(ledger).toEqual([
      { dataset: 'equities_bars', status: 'GREEN', flags: '', cells: 2 * SESSIONS },
      { dataset: 'equities_bars_minute', status: 'GREEN', flags: '', cells: 2 },
      { dataset: 'macro_treasury', status: 'GREEN', flags: '', cells: SESSIONS },
    ])

    const bundle = join(node.root, 'exports/latest')
    const daily = await duck.all(
      `SELECT symbol, dt, ts, open, high, low, close, volume, vwap, trades, vendor, feed, adjustment
       FROM '${curatedFile(bundle, 'equities_bars', 'year', '2025')}' ORDER BY dt, symbol`,
    )
    expect(daily).toEqual(
      DTS.flatMap((dt, at) =>
        ['AAPL', 'MSFT'].map((symbol) => ({
          symbol,
          dt,
          ts: midnight(dt),
          ...priceOf(at),
          ...{ volume: volumeOf(at), vwap: 10.3, trades: 7 },
          ...{ vendor: 'alpaca', feed: 'unknown', adjustment: 'raw' },
        })),
      ),
    )
    const minutes = await duck.all(
      `SELECT symbol, count(*) AS rows, min(ts) AS first, max(ts) AS last, sum(volume) AS volume, max(close) AS close
       FROM '${curatedFile(bundle, 'equities_bars_minute', 'date', ASOF)}' WHERE session = 'regular' GROUP BY symbol ORDER BY symbol`,
    )
    const first = Date.parse(`${ASOF}T13:30:00Z`)
    const whole = { rows: MINUTES, first, last: first + 389 * 60_000, volume: VOLUME, close: 10.3389 }
    expect(minutes).toEqual([
      { symbol: 'AAPL', ...whole },
      { symbol: 'MSFT', ...whole },
    ])
    const yields = await duck.all<Record<string, unknown>>(
      `SELECT * FROM '${curatedFile(bundle, 'macro_treasury', 'year', '2025')}' ORDER BY date`,
    )
    expect(yields.map(({ date }) => date)).toEqual(DTS)
    expect(yields[0]).toMatchObject({ date: FIRST, [SERIES[0]!]: 4, [SERIES[10]!]: 4.1, vendor: 'fred' })
  },
)

test('foreign columns: a file whose columns nobody understands neither counts nor keeps its neighbours from being curated', async () => {
  await foreignTree()
  await write(
    `alpaca/equities_bars/date=${FIRST}/symbol=AAPL/data.parquet`,
    "SELECT 'soon' AS happened, {'o': 1} AS open, 'ten' AS close",
  )
  const adopted = (await node.post('/adopt')).body
  expect(adopted).toMatchObject({ cells: 3 * SESSIONS + 1, skipped: 1, problemCounts: { columns: 1 } })
  expect((adopted.problems as { what: string }[])[0]?.what).toMatch(/^no column for ts/)
  await steps('audit', 'curate-partition', 'qc-partition')
  const [red] = await running().lake.duck.all(
    `SELECT symbol, dt, status FROM '${data('qc/ledger/equities_bars/2025.parquet')}' WHERE status <> 'GREEN'`,
  )
  expect(red).toEqual({ symbol: 'AAPL', dt: FIRST, status: 'RED' })
})

test('foreign columns: an answer for one symbol of a shared foreign file keeps the rows of the others, as ours', async () => {
  const lake = await tempLake()
  try {
    const spec = specOf('equities_bars')
    const ts = Date.parse('2024-07-03T04:00:00Z')
    const row = (symbol: string) => `SELECT '${symbol}' AS ticker, '2024-07-03' AS date, ${letters(SESSIONS - 1)}`
    await oldFile(
      lake.duck,
      lake.root,
      'alpaca/equities_bars/date=2024-07-03/data.parquet',
      `${row('AAPL')} UNION ALL ${row('MSFT')}`,
    )
    const cell = { symbol: 'AAPL', dt: '2024-07-03', rows: [bar(ts, { close: 10.75 })], known: null }
    const kept = await writeCells(lake, spec, 'equities_bars', from('alpaca'), [cell])
    expect(kept).toMatchObject([{ verdict: 'replaced' }])
    const cells = ['AAPL', 'MSFT'].map((symbol) => ({ symbol, dt: '2024-07-03' }))
    const stored = await readRawCells(lake, spec, 'equities_bars', 'alpaca', cells)
    expect(stored.get('AAPL 2024-07-03')).toMatchObject([{ ts, close: 10.75 }])
    expect(stored.get('MSFT 2024-07-03')).toMatchObject([{ ts, ...priceOf(SESSIONS - 1), vwap: 10.3, trades: 7 }])
  } finally {
    await dropLake(lake)
  }
})
