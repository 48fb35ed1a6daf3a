import { readFile, writeFile } from 'node:fs/promises'
import { beforeEach, describe, expect, test } from 'vitest'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { sha256OfFile } from '../../functions/_lake/digest.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { curatedFile, rawFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import type { JudgedCell, JudgeRequest } from '../../functions/qc-partition/judgement.ts'
import type { ExpectedCell } from '../../functions/qc-partition/measure-request.ts'
import {
  dailyBar,
  minuteBars,
  QC,
  sessionOf,
  smallLake,
  specOf,
  upTo,
  writeBoth,
  writeCurated,
  writeRaw,
  writeYields,
} from './small-lake.ts'

let lake: Lake
beforeEach(async () => {
  lake = await smallLake()
})

const D1 = '2024-07-02'
const D2 = '2024-07-03'
const D3 = '2024-07-05'

const cell = (symbol: string, dt: Dt, more: Partial<ExpectedCell> = {}): ExpectedCell => ({
  symbol,
  dt,
  expectedRows: 1,
  present: true,
  reason: null,
  digest: 'd'.repeat(64),
  ...more,
})

const request = (
  dataset: DatasetName,
  partition: string,
  cells: ExpectedCell[],
  more: Partial<JudgeRequest> = {},
): JudgeRequest => ({
  dataset,
  spec: specOf(dataset),
  partition,
  sessions: [sessionOf('2024-06-28'), sessionOf('2024-07-01'), sessionOf(D1), sessionOf(D2, '13:00'), sessionOf(D3)],
  cells,
  qc: QC,
  checkedAt: Date.UTC(2024, 6, 6, 4),
  neighbours: [],
  ...more,
})

const short = (flagged: JudgedCell[]) =>
  flagged.map(({ symbol, dt, status, flags }) => `${symbol} ${dt} ${status} ${flags.join(',')}`)
const ledger = (path: string) => lake.duck.all(`SELECT * FROM read_parquet(${sqlText(path)})`)

/** Checks that compare a daily bar with those around it. */
const NEED_ALL_COLUMNS = [
  'action-without-step',
  'bad-print',
  'long-silence',
  'mixed-adjustment',
  'move-undone',
  'other-scale',
  'partial-volume',
  'repeated-day',
  'untold-split',
]

describe('judge: a year of daily bars', () => {
  test('gets one row per expected cell, no more and no fewer', async () => {
    const file = await writeBoth(lake, 'equities_bars', '2024', [
      dailyBar('AAPL', D1),
      dailyBar('AAPL', D2),
      dailyBar('ZZZZ', D1),
    ])
    const cells = [
      cell('AAPL', D1),
      cell('AAPL', D2),
      cell('AAPL', D3, { present: false, digest: null }),
      cell('BRK.B', D1, { present: false, reason: 'NOT_LISTED_YET', digest: null }),
    ]
    const result = await judgePartition(lake, request('equities_bars', '2024', cells))
    expect(result).toMatchObject({ cells: 4, green: 2, amber: 1, red: 1 })
    expect(short(result.flagged)).toEqual([`AAPL ${D3} RED MISSING`, `BRK.B ${D1} AMBER NOT_LISTED_YET`])
    const rows = await ledger(result.fragment.path)
    expect(rows).toHaveLength(4)
    expect(rows[0]).toEqual({
      dataset: 'equities_bars',
      symbol: 'AAPL',
      dt: D1,
      status: 'GREEN',
      flags: '',
      reason: null,
      expected_rows: 1,
      rows: 1,
      vendor: 'alpaca',
      feed: 'sip',
      adjustment: 'raw',
      second_vendor: null,
      action: null,
      sha256: await sha256OfFile(file),
      digest: 'd'.repeat(64),
      provisional: false,
      ruleset: QC.ruleset,
      checked_at: Date.UTC(2024, 6, 6, 4),
    })
    expect(rows[3]).toMatchObject({ reason: 'NOT_LISTED_YET', rows: 0, vendor: null, sha256: null, digest: null })
  })

  test('shows each kind of broken bar, and a crash day stays green', async () => {
    const bars = [
      dailyBar('CRASH', D1, { open: 100, high: 100, low: 40, close: 41, vwap: 60 }),
      // As curated before a zero could mean unknown.
      dailyBar('SAYS0', D1, { vwap: 0, trades: 0 }),
      dailyBar('DOJI', D1, { open: 5, high: 5, low: 5, close: 5, vwap: null, trades: null }),
      dailyBar('HIGH', D1, { high: 104 }),
      dailyBar('HALFTICK', D1, { high: 104.996 }),
      dailyBar('TICK', D1, { high: 104.99 }),
      dailyBar('LOW', D1, { low: 101 }),
      dailyBar('MIX', D1),
      dailyBar('MIX', D1, { vendor: 'massive', ts: instantOf(D1, '00:00') }),
      dailyBar('NEGV', D1, { volume: -1 }),
      dailyBar('NEGP', D1, { low: -5 }),
      dailyBar('NOON', D1, { ts: instantOf(D1, '12:00') }),
      dailyBar('NULL', D1, { close: null }),
      dailyBar('OTHER', D1, { ts: instantOf(D2, '00:00') }),
      dailyBar('ZERO', D1, { volume: 0 }),
    ]
    await writeBoth(lake, 'equities_bars', '2024', bars)
    const cells = [...new Set(bars.map((bar) => bar.symbol))].map((symbol) => cell(symbol, D1))
    const result = await judgePartition(lake, request('equities_bars', '2024', cells))
    expect(short(result.flagged)).toEqual([
      `HIGH ${D1} RED OHLC_ORDER`,
      `LOW ${D1} RED OHLC_ORDER`,
      `MIX ${D1} RED SCHEMA`,
      `NEGP ${D1} RED NON_POSITIVE_PRICE`,
      `NEGV ${D1} RED NEGATIVE_VOLUME`,
      `NOON ${D1} RED SCHEMA`,
      `NULL ${D1} RED SCHEMA`,
      `OTHER ${D1} RED OUTSIDE_SESSION`,
      `TICK ${D1} RED OHLC_ORDER`,
      `ZERO ${D1} AMBER ZERO_VOLUME`,
    ])
    expect(result.flagged.find((found) => found.symbol === 'NULL')?.numbers).toEqual({ null_close: 1 })
    expect(result.green).toBe(4)
  })

  test('tells harmless copies in the winning raw file from contradictions, and ignores those of other vendors', async () => {
    await writeCurated(lake, 'equities_bars', '2024', [
      dailyBar('AAPL', D1),
      dailyBar('MSFT', D1),
      dailyBar('NVDA', D1),
    ])
    await writeRaw(lake, 'equities_bars', [
      dailyBar('AAPL', D1),
      dailyBar('AAPL', D1),
      dailyBar('MSFT', D1),
      dailyBar('MSFT', D1, { close: 99 }),
      dailyBar('NVDA', D1),
      dailyBar('NVDA', D1, { vendor: 'massive' }),
      dailyBar('NVDA', D1, { vendor: 'massive', close: 99 }),
    ])
    const cells = ['AAPL', 'MSFT', 'NVDA'].map((symbol) => cell(symbol, D1))
    const result = await judgePartition(lake, request('equities_bars', '2024', cells))
    expect(short(result.flagged)).toEqual([`AAPL ${D1} AMBER DUPLICATE_ROWS`, `MSFT ${D1} RED DUPLICATE_CONFLICT`])
  })

  test('reads raw files in both layouts', async () => {
    await writeCurated(lake, 'equities_bars', '2024', [dailyBar('AAPL', D1), dailyBar('MSFT', D1)])
    await writeRaw(lake, 'equities_bars', [dailyBar('AAPL', D1)], 'date')
    await writeRaw(lake, 'equities_bars', [dailyBar('MSFT', D1), dailyBar('MSFT', D1)], 'date-symbol')
    const result = await judgePartition(lake, request('equities_bars', '2024', [cell('AAPL', D1), cell('MSFT', D1)]))
    expect(short(result.flagged)).toEqual([`MSFT ${D1} AMBER DUPLICATE_ROWS`])
  })

  test('is never green where the raw evidence is lost or torn', async () => {
    await writeCurated(lake, 'equities_bars', '2024', [dailyBar('AAPL', D1), dailyBar('AAPL', D2)])
    await writeRaw(lake, 'equities_bars', [dailyBar('AAPL', D2)])
    await writeFile(rawFile(lake.root, 'alpaca', 'equities_bars', 'date', D2, 'AAPL'), 'PAR1 torn')
    const result = await judgePartition(lake, request('equities_bars', '2024', [cell('AAPL', D1), cell('AAPL', D2)]))
    expect(result).toMatchObject({ green: 0, amber: 2, red: 0 })
    expect(result.flagged[0]?.flags).toEqual([
      'ERRORED:adjustment-mismatch',
      'ERRORED:date-mismatch',
      'ERRORED:duplicate-conflict',
      'ERRORED:duplicate-rows',
      'ERRORED:symbol-mismatch',
      'ERRORED:vendor-mismatch',
    ])
  })

  test('condemns a file whose columns have another type', async () => {
    const bars = [dailyBar('AAPL', D1)]
    await writeRaw(lake, 'equities_bars', bars)
    await writeCurated(lake, 'equities_bars', '2024', bars, '* REPLACE (volume::BIGINT AS volume)')
    const result = await judgePartition(lake, request('equities_bars', '2024', [cell('AAPL', D1)]))
    expect(short(result.flagged)).toEqual([
      `AAPL ${D1} RED ${[...NEED_ALL_COLUMNS, 'negative-volume', 'zero-volume']
        .sort()
        .map((id) => `ERRORED:${id}`)
        .join(',')},SCHEMA`,
    ])
  })

  test('is all missing without a curated file, whatever the database says', async () => {
    const result = await judgePartition(
      lake,
      request('equities_bars', '2024', [
        cell('AAPL', D1),
        cell('AAPL', D2, { present: false, reason: 'VENDOR_OUTAGE' }),
      ]),
    )
    expect(short(result.flagged)).toEqual([`AAPL ${D1} RED MISSING`, `AAPL ${D2} AMBER VENDOR_OUTAGE`])
  })

  test('writes the same bytes when it is repeated', async () => {
    await writeBoth(
      lake,
      'equities_bars',
      '2024',
      upTo(500).map((at) => dailyBar(`S${at}`, D1)),
    )
    const cells = upTo(500).map((at) => cell(`S${at}`, D1))
    const first = await judgePartition(lake, request('equities_bars', '2024', cells))
    const bytes = await readFile(first.fragment.path)
    const again = await judgePartition(lake, request('equities_bars', '2024', cells.toReversed()))
    expect(again.fragment.sha256).toBe(first.fragment.sha256)
    expect((await readFile(again.fragment.path)).equals(bytes)).toBe(true)
  })

  test('refuses a cell that comes twice, on no session, or of another partition', async () => {
    const ask = (cells: ExpectedCell[]) => judgePartition(lake, request('equities_bars', '2024', cells))
    await expect(ask([cell('AAPL', D1), cell('AAPL', D1)])).rejects.toThrow('AAPL 2024-07-02: it came 2 times')
    await expect(ask([cell('AAPL', '2024-07-04')])).rejects.toThrow('not a session')
    await expect(ask([cell('AAPL', '2023-07-03')])).rejects.toThrow('not a session')
  })

  test('says which file to curate again when it is no curated file', async () => {
    const file = await writeCurated(lake, 'equities_bars', '2024', [dailyBar('AAPL', D1)], '* EXCLUDE (dt)')
    await expect(judgePartition(lake, request('equities_bars', '2024', [cell('AAPL', D1)]))).rejects.toThrow(
      `expected a column dt of type DATE in ${file}`,
    )
  })
})

describe('judge: a day of minute bars', () => {
  const NEIGHBOURS = ['2024-06-28', '2024-07-01', D1]
  const minuteCell = (symbol: string, dt = D3) => cell(symbol, dt, { expectedRows: 390 })
  const judge = (cells: ExpectedCell[], partition = D3, neighbours = NEIGHBOURS) =>
    judgePartition(lake, request('equities_bars_minute', partition, cells, { neighbours }))
  const everyDay = async (baselines: Record<string, number[]>) => {
    for (const dt of NEIGHBOURS) {
      await writeCurated(
        lake,
        'equities_bars_minute',
        dt,
        Object.entries(baselines).flatMap(([symbol, minutes]) => minuteBars(symbol, dt, minutes)),
      )
    }
  }
  const every = (step: number) => upTo(390).filter((minute) => minute % step === 0)

  test('is measured against the baseline of each symbol', async () => {
    await everyDay({
      FULL: upTo(390),
      HALF: upTo(390),
      LATE: upTo(390),
      THIN: every(2),
      RARE: every(20),
      QUIET: every(2),
    })
    await writeBoth(lake, 'equities_bars_minute', D3, [
      ...minuteBars('FULL', D3, upTo(390)),
      ...minuteBars('HALF', D3, upTo(200)),
      ...minuteBars('LATE', D3, upTo(390).slice(9)),
      ...minuteBars('THIN', D3, every(2)),
      ...minuteBars('RARE', D3, every(40)),
      ...minuteBars('QUIET', D3, every(2).slice(0, 120)),
    ])
    const result = await judge(['FULL', 'HALF', 'LATE', 'THIN', 'RARE', 'QUIET'].map((symbol) => minuteCell(symbol)))
    expect(short(result.flagged)).toEqual([
      `HALF ${D3} RED MINUTE_HOLE,SESSION_CUT,SHORT_SESSION`,
      `LATE ${D3} AMBER MISSING_ROWS`,
      `QUIET ${D3} RED SHORT_SESSION`,
      `RARE ${D3} AMBER MISSING_ROWS`,
    ])
    const rows = await ledger(result.fragment.path)
    expect(rows.map((row) => [row.symbol, row.expected_rows, row.rows])).toEqual([
      ['FULL', 390, 390],
      ['HALF', 390, 200],
      ['LATE', 390, 381],
      ['QUIET', 195, 120],
      ['RARE', 20, 10],
      ['THIN', 195, 195],
    ])
  })

  test('of half a session is complete at half the minutes', async () => {
    await everyDay({ FULL: upTo(390), THIN: every(2) })
    await writeBoth(lake, 'equities_bars_minute', D2, [
      ...minuteBars('FULL', D2, upTo(210)),
      ...minuteBars(
        'THIN',
        D2,
        every(2).filter((minute) => minute < 210),
      ),
    ])
    const result = await judge([minuteCell('FULL', D2), minuteCell('THIN', D2)], D2)
    expect(result).toMatchObject({ green: 2 })
    expect((await ledger(result.fragment.path)).map((row) => row.expected_rows)).toEqual([210, 105])
  })

  test('is never condemned for few rows before the baseline is known', async () => {
    await writeBoth(lake, 'equities_bars_minute', D3, [
      ...minuteBars('NEW', D3, [5]),
      ...minuteBars('FULL', D3, upTo(390)),
    ])
    const result = await judge([minuteCell('NEW'), minuteCell('FULL')])
    expect(short(result.flagged)).toEqual([`NEW ${D3} AMBER NO_BASELINE`])
    expect(result.flagged[0]).toMatchObject({ rows: 1, expectedRows: 390, vendor: 'alpaca' })
  })

  test('keeps a broken neighbour from lowering the bar', async () => {
    await everyDay({ FULL: upTo(390) })
    await writeCurated(lake, 'equities_bars_minute', D1, minuteBars('FULL', D1, upTo(50)))
    await writeBoth(lake, 'equities_bars_minute', D3, minuteBars('FULL', D3, upTo(50)))
    const result = await judge([minuteCell('FULL')])
    expect(result.flagged[0]).toMatchObject({ status: 'RED', expectedRows: 390 })
  })

  test('with a long hole is amber in a liquid name and normal in a thin one', async () => {
    const holed = upTo(390).filter((minute) => minute < 100 || minute >= 112)
    await writeBoth(lake, 'equities_bars_minute', D3, [
      ...minuteBars('AAPL', D3, holed),
      ...minuteBars('EDGE', D3, upTo(390).slice(0, 390 - 10)),
      ...minuteBars('THIN', D3, every(15)),
    ])
    const qc = { ...QC, completeness: { ...QC.completeness, amber_below: 0.01 } }
    const cells = ['AAPL', 'EDGE', 'THIN'].map((symbol) => minuteCell(symbol))
    const result = await judgePartition(lake, request('equities_bars_minute', D3, cells, { qc }))
    expect(short(result.flagged)).toEqual([`AAPL ${D3} AMBER MINUTE_HOLE`])
    expect(result.flagged[0]?.numbers).toEqual({ longest_hole: 12, share: 1 })
  })

  test('may trade before and after the session but not at night, and only on whole minutes', async () => {
    const full = (symbol: string) => minuteBars(symbol, D3, upTo(390))
    const at = (symbol: string, time: string, more = 0) => dailyBar(symbol, D3, { ts: instantOf(D3, time) + more })
    await writeBoth(lake, 'equities_bars_minute', D3, [
      ...[...full('EXT'), at('EXT', '04:00'), at('EXT', '19:59')],
      ...[...full('NIGHT'), at('NIGHT', '03:59')],
      ...[...full('POST'), at('POST', '20:00')],
      ...[...full('SECOND'), at('SECOND', '16:30', 5000)],
    ])
    const result = await judge(['EXT', 'NIGHT', 'POST', 'SECOND'].map((symbol) => minuteCell(symbol)))
    expect(short(result.flagged)).toEqual([
      `NIGHT ${D3} RED OUTSIDE_SESSION`,
      `POST ${D3} RED OUTSIDE_SESSION`,
      `SECOND ${D3} RED SCHEMA`,
    ])
  })
})

describe('judge: a year of yields', () => {
  const judgeCurves = async (days: readonly (readonly [dt: Dt, changed: Record<string, number | null>])[]) => {
    await writeYields(
      lake,
      '2024',
      days.map(([date, changed], at) => ({ date, values: { ...all(4 + at / 100), ...changed } })),
    )
    const cells = days.map(([dt]) => cell('UST', dt, { expectedRows: SERIES.length }))
    return short((await judgePartition(lake, request('macro_treasury', '2024', cells, { sessions: [] }))).flagged)
  }

  test('doubts a value that is wrong for a day, and believes one that stays', async () => {
    const D4 = '2024-07-08'
    const flagged = await judgeCurves([
      [D1, {}],
      [D2, { DGS10: 5.2, DGS1MO: 5.2 }],
      [D3, { DGS1MO: 5.2 }],
      [D4, { DGS1MO: 5.2 }],
    ])
    expect(flagged).toEqual([`UST ${D2} AMBER YIELD_MOVE_UNDONE`])
  })

  test('doubts a curve that is bent or repeated, and says nothing of one where a maturity is missing', async () => {
    const first = Object.fromEntries(SERIES.map((id) => [id, 4]))
    expect(
      await judgeCurves([
        [D1, { DGS5: 6 }],
        [D2, { DGS7: 6 }],
      ]),
    ).toEqual([`UST ${D1} AMBER CURVE_KINK`, `UST ${D2} AMBER CURVE_KINK`])
    expect(
      await judgeCurves([
        [D1, first],
        [D2, first],
      ]),
    ).toEqual([`UST ${D2} AMBER REPEATED_CURVE`])
    expect(
      await judgeCurves([
        [D1, { DGS20: null }],
        [D2, { DGS20: null }],
      ]),
    ).toEqual([`UST ${D1} AMBER MISSING_ROWS`, `UST ${D2} AMBER MISSING_ROWS`])
  })

  const SERIES = specOf('macro_treasury').groups?.UST?.series.map((series) => series.id) ?? []
  const all = (value: number) => Object.fromEntries(SERIES.map((id) => [id, value]))

  test('may be negative, may not be absurd, and misses what its group should have', async () => {
    await writeYields(lake, '2024', [
      { date: D1, values: all(-0.5) },
      { date: D2, values: { ...all(4.25), DGS30: null } },
      { date: D3, values: { ...all(4.25), DGS1: 425 } },
    ])
    const cells = [D1, D2, D3].map((dt) => cell('UST', dt, { expectedRows: SERIES.length }))
    const silent = cell('UST', '2024-07-08', { present: false, reason: 'SOURCE_SAYS_NONE', digest: null })
    const result = await judgePartition(lake, request('macro_treasury', '2024', [...cells, silent], { sessions: [] }))
    expect(short(result.flagged)).toEqual([
      `UST ${D2} AMBER MISSING_ROWS`,
      `UST ${D3} RED CURVE_KINK,IMPOSSIBLE_YIELD`,
      'UST 2024-07-08 AMBER SOURCE_SAYS_NONE',
    ])
    expect(result.green).toBe(1)
    expect((await ledger(result.fragment.path))[0]).toMatchObject({
      rows: 11,
      expected_rows: 11,
      vendor: 'fred',
      adjustment: null,
    })
  })
})

test('judge: two judgements at once do not disturb each other', async () => {
  await writeBoth(lake, 'equities_bars', '2024', [dailyBar('AAPL', D1)])
  await writeBoth(lake, 'equities_bars_minute', D3, minuteBars('AAPL', D3, upTo(390)))
  const both = await Promise.all([
    judgePartition(lake, request('equities_bars', '2024', [cell('AAPL', D1)])),
    judgePartition(lake, request('equities_bars_minute', D3, [cell('AAPL', D3)])),
    judgePartition(lake, request('equities_bars', '2024', [cell('AAPL', D1)])),
  ])
  expect(both.map((result) => result.green)).toEqual([1, 1, 1])
  expect(curatedFile(lake.root, 'equities_bars', 'year', '2024')).toContain('year=2024')
})
