import { readFile, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, expect, test } from 'vitest'
import type { Lake } from '../../functions/_lake/lake.ts'
import { ledgerFile } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { consolidateLedger, ledgerCounts } from '../../functions/_ledger/ledger.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import { dailyBar, QC, sessionOf, smallLake, specOf, writeBoth } from '../qc-partition/small-lake.ts'

let lake: Lake
let fragments: string[]
beforeEach(async () => {
  lake = await smallLake()
  fragments = []
})

const judge = async (partition: string, days: Dt[], symbols: string[]) => {
  await writeBoth(
    lake,
    'equities_bars',
    partition,
    days.flatMap((dt) => symbols.map((symbol) => dailyBar(symbol, dt))),
  )
  const cells = days.flatMap((dt) =>
    [...symbols, 'GONE'].map((symbol) => ({
      symbol,
      dt,
      expectedRows: 1,
      present: symbol !== 'GONE',
      reason: symbol === 'GONE' ? ('DELISTED' as const) : null,
      digest: null,
    })),
  )
  const judgement = await judgePartition(lake, {
    dataset: 'equities_bars',
    spec: specOf('equities_bars'),
    partition,
    sessions: days.map((dt) => sessionOf(dt)),
    cells,
    qc: QC,
    checkedAt: 0,
    neighbours: [],
  })
  fragments.push(judgement.fragment.path)
  return judgement
}
const keys = async () =>
  (await lake.duck.all(`SELECT symbol, dt FROM read_parquet(${sqlText(ledgerFile(lake.root))})`)).map(
    (row) => `${row.symbol} ${row.dt}`,
  )

test('ledger: the ledger is the given fragments in one file, in whatever order, sorted by symbol and day', async () => {
  await judge('2024', ['2024-07-02'], ['AAPL', 'MSFT'])
  await judge('2023', ['2023-12-29'], ['AAPL'])
  const ledger = await consolidateLedger(lake, fragments)
  expect(ledger).toMatchObject({ path: ledgerFile(lake.root), rows: 5 })
  expect(await keys()).toEqual([
    'AAPL 2023-12-29',
    'AAPL 2024-07-02',
    'GONE 2023-12-29',
    'GONE 2024-07-02',
    'MSFT 2024-07-02',
  ])
  expect((await consolidateLedger(lake, fragments)).sha256).toBe(ledger.sha256)
})

test('ledger: counts by dataset, status, reason and vendor', async () => {
  expect(await ledgerCounts(lake)).toEqual([])
  await judge('2024', ['2024-07-02', '2024-07-03'], ['AAPL'])
  await consolidateLedger(lake, fragments)
  expect(await ledgerCounts(lake)).toEqual([
    { dataset: 'equities_bars', status: 'AMBER', reason: 'DELISTED', vendor: null, cells: 2, rows: 0 },
    { dataset: 'equities_bars', status: 'GREEN', reason: null, vendor: 'alpaca', cells: 2, rows: 2 },
  ])
})

test('ledger: a fragment that is not among the given ones is not in the ledger', async () => {
  await judge('2024', ['2024-07-02'], ['AAPL'])
  await judge('2023', ['2023-12-29'], ['AAPL'])
  fragments.pop()
  expect((await consolidateLedger(lake, fragments)).rows).toBe(2)
})

test('ledger: a ledger of nothing has its columns and no rows', async () => {
  expect(await consolidateLedger(lake, fragments)).toMatchObject({ rows: 0 })
  const columns = await lake.duck.all(`DESCRIBE SELECT * FROM read_parquet(${sqlText(ledgerFile(lake.root))})`)
  expect(columns.map((column) => `${column.column_name} ${column.column_type}`)).toEqual([
    'dataset VARCHAR',
    'symbol VARCHAR',
    'dt DATE',
    'status VARCHAR',
    'flags VARCHAR',
    'reason VARCHAR',
    'expected_rows INTEGER',
    'rows INTEGER',
    'vendor VARCHAR',
    'feed VARCHAR',
    'adjustment VARCHAR',
    'sha256 VARCHAR',
    'digest VARCHAR',
    'provisional BOOLEAN',
    'second_vendor VARCHAR',
    'action VARCHAR',
    'ruleset VARCHAR',
    'checked_at TIMESTAMP WITH TIME ZONE',
  ])
})

test('ledger: instants of fragments that are not marked as UTC are read as UTC, beside those that are', async () => {
  await judge('2023', ['2023-12-29'], ['AAPL'])
  await judge('2024', ['2024-07-02'], ['AAPL'])
  const instants = async () => {
    await consolidateLedger(lake, fragments)
    return await lake.duck.all(
      `SELECT dt, checked_at, typeof(checked_at) AS type FROM read_parquet(${sqlText(ledgerFile(lake.root))}) WHERE symbol = 'AAPL' ORDER BY dt`,
    )
  }
  const marked = await instants()
  expect(marked).toMatchObject([{ type: 'TIMESTAMP WITH TIME ZONE' }, { type: 'TIMESTAMP WITH TIME ZONE' }])
  const [old = ''] = fragments
  await lake.duck.run(
    `COPY (SELECT * REPLACE (checked_at AT TIME ZONE 'UTC' AS checked_at) FROM read_parquet(${sqlText(old)})) TO ${sqlText(`${old}.new`)} (FORMAT parquet)`,
  )
  await rename(`${old}.new`, old)
  expect(await instants()).toEqual(marked)
})

test('ledger: a torn or missing fragment leaves the old ledger as it was', async () => {
  const { fragment } = await judge('2024', ['2024-07-02'], ['AAPL'])
  await consolidateLedger(lake, fragments)
  const before = await readFile(ledgerFile(lake.root))
  const other = join(dirname(fragment.path), '2023.parquet')
  await expect(consolidateLedger(lake, [...fragments, other])).rejects.toThrow('2023.parquet')
  await writeFile(other, 'half')
  await expect(consolidateLedger(lake, [...fragments, other])).rejects.toThrow('2023.parquet')
  expect((await readFile(ledgerFile(lake.root))).equals(before)).toBe(true)
})
