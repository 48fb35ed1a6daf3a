import { afterEach, beforeEach, expect, test } from 'vitest'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { writeCells } from '../../functions/_lake/write-cells.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import type { Row } from '../../functions/_market/row.ts'
import { curatePartition } from '../../functions/curate-partition/curate.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import {
  acceptedByManifests,
  action,
  bar,
  dropLake,
  filesIn,
  from,
  JULY_3,
  optionBar,
  specOf,
  tempLake,
} from '../_lake/lake-fixture.ts'
import { QC } from '../qc-partition/small-lake.ts'

let lake: Lake
beforeEach(async () => {
  lake = await tempLake()
})
afterEach(() => dropLake(lake))

const DT = '2024-07-03'
const xnys = calendarOf('xnys')
const partitionOf = (dataset: DatasetName): string => (specOf(dataset).partition === 'year' ? '2024' : DT)
const sessionsOf = (dataset: DatasetName) =>
  (specOf(dataset).partition === 'year' ? xnys.sessions('2024-01-01', '2024-12-31') : [DT]).map(
    (dt) => xnys.session(dt)!,
  )

const keep = (dataset: DatasetName, vendor: string, symbol: string, rows: Row[], dt = DT) =>
  writeCells(
    lake,
    specOf(dataset),
    dataset,
    from(vendor, dataset === 'corporate_actions' ? { adjustment: 'none' } : {}),
    [{ symbol, dt, rows, known: null }],
  )

const curate = async (dataset: DatasetName, vendors: string[] = ['alpaca', 'massive']) =>
  (
    await curatePartition(lake, {
      dataset,
      spec: specOf(dataset),
      partition: partitionOf(dataset),
      sessions: sessionsOf(dataset),
      vendors,
      refused: [],
      accepted: acceptedByManifests(lake, dataset),
    })
  ).curated

const read = async (path: string | undefined, columns = '*') =>
  lake.duck.all<Record<string, unknown>>(
    `SELECT ${columns} FROM read_parquet(${sqlText(path ?? '')}, hive_partitioning = false)`,
  )

const judge = (dataset: DatasetName, cells: { symbol: string; dt: string; present: boolean }[]) =>
  judgePartition(lake, {
    dataset,
    spec: specOf(dataset),
    partition: partitionOf(dataset),
    sessions: sessionsOf(dataset),
    cells: cells.map((cell) => ({
      ...cell,
      expectedRows: null,
      reason: cell.present ? null : 'SOURCE_SAYS_NONE',
      digest: null,
    })),
    qc: QC,
    checkedAt: JULY_3,
    neighbours: [],
  })

const MIDNIGHT = Date.UTC(2024, 6, 3, 4)
const [LOW, HIGH] = ['AAPL240719C00200000', 'AAPL240719P00210000'] as const

test('curated options and actions: options lie under their underlier, one file a cell, and are curated by underlier, contract and time', async () => {
  const put = { right: 'put' as const, strike: 210 }
  await keep('options_bars', 'alpaca', 'AAPL', [optionBar(HIGH, MIDNIGHT, put), optionBar(LOW, MIDNIGHT)])
  await keep('options_bars', 'alpaca', 'AAPL.B', [optionBar('AAPLB240719C00200000', MIDNIGHT, { underlier: 'AAPL.B' })])
  expect((await filesIn(lake)).filter((path) => path.startsWith('raw/'))).toEqual([
    `raw/alpaca/options_bars/date=${DT}/underlier=AAPL.B/data.parquet`,
    `raw/alpaca/options_bars/date=${DT}/underlier=AAPL/data.parquet`,
  ])
  const curated = await curate('options_bars')
  expect(curated).toMatchObject({ rows: 3, cells: 2 })
  const rows = await read(curated?.path)
  expect(rows.map(({ symbol, contract }) => `${symbol} ${contract}`)).toEqual([
    `AAPL ${LOW}`,
    `AAPL ${HIGH}`,
    'AAPL.B AAPLB240719C00200000',
  ])
  const { ts, ...other } = bar(MIDNIGHT)
  expect(rows[1]).toEqual({
    symbol: 'AAPL',
    dt: DT,
    ts,
    underlier: 'AAPL',
    contract: HIGH,
    expiration: '2024-07-19',
    ...put,
    ...other,
    root: 'AAPL',
    adjusted_contract: false,
    vendor: 'alpaca',
    feed: 'sip',
    adjustment: 'raw',
  })
})

test('curated options and actions: adjusted contracts, minis and FLEX options stand apart, and are marked', async () => {
  const contracts = [LOW, 'AAPL1240719C00200000', 'AAPL7240719C00200000', '2AAPL240719C00200000']
  const rows = contracts.map((contract) => optionBar(contract, MIDNIGHT))
  await keep('options_bars', 'alpaca', 'AAPL', rows)
  const curated = await curate('options_bars')
  expect(await read(curated?.path, 'root, adjusted_contract, strike')).toEqual([
    { root: '2AAPL', adjusted_contract: true, strike: 200 },
    { root: 'AAPL1', adjusted_contract: true, strike: 200 },
    { root: 'AAPL', adjusted_contract: false, strike: 200 },
    { root: 'AAPL7', adjusted_contract: true, strike: 200 },
  ])
})

test('curated options and actions: two contracts with bars of one instant are two rows, and the same bar served twice is one', async () => {
  await keep(
    'options_bars',
    'alpaca',
    'AAPL',
    [LOW, HIGH, LOW].map((contract) => optionBar(contract, MIDNIGHT)),
  )
  expect((await curate('options_bars'))?.rows).toBe(2)
  expect((await judge('options_bars', [{ symbol: 'AAPL', dt: DT, present: true }])).flagged).toMatchObject([
    { status: 'AMBER', flags: ['DUPLICATE_ROWS'], rows: 2 },
  ])
})

test('curated options and actions: an answer with fewer contracts does not replace one with more', async () => {
  await keep('options_bars', 'alpaca', 'AAPL', [optionBar(LOW, MIDNIGHT), optionBar(HIGH, MIDNIGHT)])
  const [kept] = await keep('options_bars', 'alpaca', 'AAPL', [optionBar(LOW, MIDNIGHT, { close: 9 })])
  expect(kept).toMatchObject({ verdict: 'kept_more_rows', rows: 2 })
})

test.each([
  ['a clean contract', {}, null],
  ['a strike of nothing', { strike: 0 }, 'IMPOSSIBLE_TERMS'],
  ['a contract that had expired', { expiration: '2024-07-02' }, 'MISDATED'],
  ['a bar of another hour', { ts: MIDNIGHT + 3_600_000 }, 'SCHEMA'],
  ['a high below the low', { high: 1 }, 'OHLC_ORDER'],
] as const)('curated options and actions: QC of options: %s', async (_what, change, flag) => {
  await keep('options_bars', 'alpaca', 'AAPL', [optionBar(LOW, MIDNIGHT, change)])
  await curate('options_bars')
  const { green, flagged } = await judge('options_bars', [{ symbol: 'AAPL', dt: DT, present: true }])
  expect(green).toBe(flag === null ? 1 : 0)
  expect(flagged.map(({ status, flags }) => [status, flags])).toEqual(flag === null ? [] : [['RED', [flag]]])
})

test('curated options and actions: actions are curated by year, symbol, day, kind and id, and keep what the vendor filed', async () => {
  const dividend = action('d1', DT, {
    kind: 'cash_dividend',
    cash: 0.24,
    old_shares: null,
    new_shares: null,
    payable_date: '2024-07-24',
    detail: '{"foreign":false}',
  })
  await keep('corporate_actions', 'alpaca', 'B', [action('s1', DT), dividend])
  await keep('corporate_actions', 'alpaca', 'A', [action('s0', '2024-06-08')], '2024-06-10')
  await keep('corporate_actions', 'massive', 'B', [action('m1', DT)])
  const rows = await read((await curate('corporate_actions'))?.path)
  expect(rows.map(({ symbol, dt, kind, id, vendor }) => `${symbol} ${dt} ${kind} ${id} ${vendor}`)).toEqual([
    'A 2024-06-10 split s0 alpaca',
    'B 2024-07-03 cash_dividend d1 alpaca',
    'B 2024-07-03 split s1 alpaca',
  ])
  expect(rows[1]).toEqual({
    symbol: 'B',
    dt: DT,
    ...dividend,
    sources: 'alpaca:d1',
    contradicts: false,
    first_seen: null,
    vendor: 'alpaca',
    feed: 'sip',
    adjustment: 'none',
  })
  expect(rows[2]).toMatchObject({ id: 's1', sources: 'alpaca:s1,massive:m1', contradicts: false })
})

test('curated options and actions: a year of actions is judged cell by cell: what happened, what could not have, and that nothing did', async () => {
  await keep('corporate_actions', 'alpaca', 'A', [action('weekend', '2024-06-08')], '2024-06-10')
  await keep('corporate_actions', 'alpaca', 'B', [action('nothing', DT, { new_shares: null })])
  await keep('corporate_actions', 'alpaca', 'C', [action('free', DT, { kind: 'cash_dividend', cash: 0 })])
  await keep('corporate_actions', 'alpaca', 'D', [action('late', '2024-07-05')])
  await keep('corporate_actions', 'alpaca', 'E', [action('renamed', DT, { kind: 'name_change', old_shares: null })])
  await curate('corporate_actions')
  const present = ['B', 'C', 'D', 'E'].map((symbol) => ({ symbol, dt: DT, present: true }))
  const judged = await judge('corporate_actions', [
    { symbol: 'A', dt: '2024-06-10', present: true },
    ...present,
    { symbol: 'A', dt: DT, present: false },
  ])
  expect(judged).toMatchObject({ cells: 6, green: 3, amber: 0, red: 3 })
  expect(judged.flagged.map(({ symbol, flags }) => `${symbol} ${flags}`)).toEqual([
    'B IMPOSSIBLE_TERMS',
    'C IMPOSSIBLE_TERMS',
    'D MISDATED',
  ])
})

test('curated options and actions: an action under two ids is one GREEN row, and two splits of a day with different ratios are two AMBER ones', async () => {
  const dividend = { kind: 'cash_dividend', cash: 0.98, old_shares: null, new_shares: null } as const
  await keep('corporate_actions', 'alpaca', 'A', [action('e1', DT, dividend), action('e2', DT, dividend)])
  await keep('corporate_actions', 'alpaca', 'B', [action('s1', DT), action('s2', DT)])
  await keep('corporate_actions', 'alpaca', 'C', [action('s1', DT), action('s2', DT, { new_shares: 7 })])
  await keep('corporate_actions', 'alpaca', 'D', [
    action('e1', DT, dividend),
    action('e2', DT, { ...dividend, subtype: 'special' }),
    action('s1', DT),
  ])
  await curate('corporate_actions')
  const cells = ['A', 'B', 'C', 'D'].map((symbol) => ({ symbol, dt: DT, present: true }))
  const judged = await judge('corporate_actions', cells)
  expect(judged).toMatchObject({ cells: 4, green: 3, amber: 1, red: 0 })
  expect(judged.flagged.map(({ symbol, flags, rows }) => `${symbol} ${flags} ${rows}`)).toEqual([
    'C CONTRADICTING_ACTIONS 2',
  ])
})

test('curated options and actions: a year in which nothing happened is GREEN without a file', async () => {
  const judged = await judge('corporate_actions', [{ symbol: 'A', dt: DT, present: false }])
  expect(judged).toMatchObject({ cells: 1, green: 1, flagged: [] })
})
