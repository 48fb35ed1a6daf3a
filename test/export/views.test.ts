import { mkdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { type CellValue, withTable } from '../../functions/_lake/duck-table.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import type { InstrumentStatement, TickerDays } from '../../functions/export/instrument-statements.ts'
import { stageTables } from '../../functions/export/stage-tables.ts'
import type { BundleFile } from '../../functions/export/stage-vouched.ts'
import { smallLake, specOf } from '../qc-partition/small-lake.ts'

const BARS = { symbol: 'VARCHAR', dt: 'DATE', ts: 'TIMESTAMPTZ', close: 'DOUBLE' }
const MORE = { open: 'DOUBLE', high: 'DOUBLE', low: 'DOUBLE', volume: 'DOUBLE', vwap: 'DOUBLE' }
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
  other_symbol: 'VARCHAR',
  first_seen: 'DATE',
}

let lake: Lake
let staging: string
beforeEach(async () => {
  lake = await smallLake()
  staging = join(lake.exportRoot, '.staging', 'bundle')
})

async function put(dataset: DatasetName, columns: Record<string, string>, rows: CellValue[][]): Promise<BundleFile> {
  const path = `curated/${dataset}/year=2024/data.parquet`
  await mkdir(dirname(join(staging, path)), { recursive: true })
  await withTable(lake.duck, dataset, columns, rows, (table) =>
    lake.duck.run(`COPY ${table} TO ${sqlText(join(staging, path))} (FORMAT parquet)`),
  )
  return { path, bytes: 0, sha256: '', rows: rows.length, dataset, partition: '2024' }
}

interface Split {
  dt: Dt
  seen: Dt | null
}

/** Opens the views of a bundle with daily bars, and with actions where there are any. */
async function open(
  closes: [symbol: string, dt: Dt, close: number][],
  {
    splits = [],
    others = [],
    instruments = [],
  }: { splits?: Split[]; others?: CellValue[][]; instruments?: InstrumentStatement[] },
): Promise<void> {
  const bars = closes.map(([symbol, dt, close]): CellValue[] => [symbol, dt, `${dt} 04:00:00`, close, 1, 1, 1, 1, null])
  const actions = splits.map(({ dt, seen }): CellValue[] => [
    'A',
    dt,
    'split',
    dt,
    null,
    null,
    null,
    1,
    2,
    null,
    null,
    seen,
  ])
  const filed = [...actions, ...others]
  const data = [
    await put('equities_bars', { ...BARS, ...MORE }, bars),
    ...(filed.length > 0 ? [await put('corporate_actions', ACTIONS, filed)] : []),
  ]
  const datasets = (['equities_bars', 'corporate_actions'] as const).map((name) => ({
    name,
    spec: specOf(name),
    partitions: [],
    expectedCells: 0,
    ranges: [],
  }))
  await stageTables(lake, staging, datasets, data, instruments)
  await lake.duck.run(`SET file_search_path = ${sqlText(staging)}`)
  for (const statement of (await readFile(join(staging, 'views.sql'), 'utf8')).split(';')) {
    if (statement.replaceAll(/^--.*$/gm, '').trim() !== '') await lake.duck.run(statement)
  }
}

const ticker = (name: string, first: Dt | null, last: Dt | null = null): TickerDays => ({
  ticker: name,
  first,
  last,
  firstSource: null,
  lastSource: null,
})
const instrument = (symbol: string, tickers: TickerDays[], figi: string | null = null): InstrumentStatement => ({
  symbol,
  tickers,
  name: null,
  type: null,
  exchange: null,
  figi,
  cik: null,
  source: null,
})
const META = instrument(
  'META',
  [ticker('FB', '2012-05-18', '2022-06-08'), ticker('META', '2022-06-09')],
  'BBG000MM2P62',
)
const OLD_GM = instrument('GM-OLD', [ticker('GM', null, '2009-06-01')])
const GM = instrument('GM', [ticker('GM', '2010-11-18')])
const UNIVERSE = [META, OLD_GM, GM]

describe('views: the universe of a day', () => {
  test('has who was listed then, under the ticker of the day: two companies of one ticker are never there at once', async () => {
    await open([['META', '2022-06-08', 196]], { instruments: UNIVERSE })
    const on = async (day: Dt) =>
      (await lake.duck.all(`SELECT instrument_id, ticker FROM universe_on(DATE '${day}')`)).map((row) =>
        Object.values(row).join(' '),
      )
    expect(await on('2009-06-01')).toEqual(['GM-OLD GM'])
    expect(await on('2010-01-04')).toEqual([])
    expect(await on('2022-06-08')).toEqual(['GM GM', 'BBG000MM2P62 FB'])
    expect(await on('2022-06-09')).toEqual(['GM GM', 'BBG000MM2P62 META'])
  })
})

describe('views: bars by instrument', () => {
  const read = () =>
    lake.duck.all('SELECT instrument_id, ticker, dt, series_break FROM bars_by_instrument ORDER BY 1, 3')

  test('are one series through a new ticker, and two where another company has it since', async () => {
    const days: [string, Dt, number][] = [
      ['META', '2022-06-08', 196],
      ['META', '2022-06-09', 184],
      ['GM-OLD', '2009-06-01', 0.75],
      ['GM', '2010-11-18', 34],
    ]
    await open(days, { instruments: UNIVERSE })
    expect(
      (await read()).map((row) =>
        Object.values(row)
          .filter((value) => value !== null)
          .join(' '),
      ),
    ).toEqual([
      'BBG000MM2P62 FB 2022-06-08',
      'BBG000MM2P62 META 2022-06-09',
      'GM GM 2010-11-18',
      'GM-OLD GM 2009-06-01',
    ])
  })

  test('are marked after a long silence, and on a day whose action the factors do not apply', async () => {
    const spinOff: CellValue[] = ['A', '2024-07-03', 'spin_off', '2024-07-03', null, null, null, 1, 1, null, 'B', null]
    const dividend: CellValue[] = [
      'A',
      '2024-07-02',
      'cash_dividend',
      '2024-07-02',
      null,
      1,
      null,
      null,
      null,
      null,
      null,
      null,
    ]
    await open(
      [
        ['A', '2024-05-01', 100],
        ['A', '2024-07-02', 100],
        ['A', '2024-07-03', 80],
        ['A', '2024-07-05', 81],
      ],
      { others: [spinOff, dividend] },
    )
    expect((await read()).map(({ series_break }) => series_break)).toEqual([
      null,
      'SILENCE',
      'SPIN_OFF_NOT_APPLIED',
      null,
    ])
  })
})

describe('views: as of', () => {
  const CLOSES: [string, Dt, number][] = [
    ['A', '2024-07-01', 100],
    ['A', '2024-07-02', 50],
    ['A', '2024-07-03', 50],
    ['A', '2024-07-05', 25],
  ]
  // The first split was filed two sessions late.
  const SPLITS: Split[] = [
    { dt: '2024-07-02', seen: '2024-07-05' },
    { dt: '2024-07-05', seen: '2024-07-05' },
  ]
  const closes = async (from: string) =>
    (await lake.duck.all(`SELECT close_split FROM ${from} ORDER BY dt`)).map(({ close_split }) => close_split)

  test('an instant bars are those a trader could know, adjusted for the ex-dates whose session had opened', async () => {
    await open(CLOSES, { splits: SPLITS })
    expect(await closes('equities_bars')).toEqual([25, 25, 25, 25])
    expect(await closes(`equities_bars_knowable(TIMESTAMPTZ '2024-07-03 21:00:00-04')`)).toEqual([50, 50, 50])
    expect(await closes(`equities_bars_knowable(TIMESTAMPTZ '2024-07-05 09:30:00-04')`)).toEqual([25, 25, 25])
  })

  test('a day bars are those the node had, adjusted for the actions that it had accepted', async () => {
    await open(CLOSES, { splits: SPLITS })
    expect(await closes(`equities_bars_accepted(DATE '2024-07-03')`)).toEqual([100, 50, 50])
    expect(await closes(`equities_bars_accepted(DATE '2024-07-05')`)).toEqual([25, 25, 25, 25])
    const seen = await lake.duck.all(`SELECT dt FROM corporate_actions_accepted(DATE '2024-07-03')`)
    expect(seen).toEqual([])
    expect(
      await lake.duck.all(`SELECT dt FROM corporate_actions_knowable(TIMESTAMPTZ '2024-07-03 12:00:00-04')`),
    ).toEqual([{ dt: '2024-07-02' }])
  })
})
