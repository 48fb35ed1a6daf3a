import { mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { beforeEach, describe, expect, test } from 'vitest'
import { sha256, sha256OfFile } from '../../functions/_lake/digest.ts'
import type { Lake } from '../../functions/_lake/lake.ts'
import { ledgerFile, ledgerFragment } from '../../functions/_lake/paths.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { LEDGER_FORMAT, NO_ROWS } from '../../functions/_ledger/fragment.ts'
import { consolidateLedger, type Fragment, ledgerCounts, ledgerRowsSql } from '../../functions/_ledger/ledger.ts'
import { listedParts } from '../../functions/_ledger/ledger-parts.ts'
import { isInPartSql, partsOf } from '../../functions/_ledger/part-names.ts'
import { writeParts } from '../../functions/_ledger/write-parts.ts'
import type { Dt } from '../../functions/_market/dt.ts'
import { judgePartition } from '../../functions/qc-partition/judge.ts'
import { dailyBar, QC, sessionOf, smallLake, specOf, writeBoth } from '../qc-partition/small-lake.ts'

let lake: Lake
let fragments: Fragment[]
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
  fragments.push({ dataset: 'equities_bars', partition, ...judgement.fragment })
  return judgement
}
const keys = async () =>
  (await lake.duck.all(`SELECT symbol, dt FROM read_parquet(${sqlText(ledgerFile(lake.root))})`)).map(
    (row) => `${row.symbol} ${row.dt}`,
  )

test('ledger: the ledger is the given fragments in one file, in whatever order, by partition, symbol and day', async () => {
  await judge('2024', ['2024-07-02'], ['AAPL', 'MSFT'])
  await judge('2023', ['2023-12-29'], ['AAPL'])
  const ledger = await consolidateLedger(lake, fragments)
  expect(ledger).toMatchObject({ path: ledgerFile(lake.root), rows: 5 })
  expect(await keys()).toEqual([
    'AAPL 2023-12-29',
    'GONE 2023-12-29',
    'AAPL 2024-07-02',
    'GONE 2024-07-02',
    'MSFT 2024-07-02',
  ])
  const hash = await sha256OfFile(ledger.path)
  await consolidateLedger(lake, fragments)
  expect(await sha256OfFile(ledger.path)).toBe(hash)
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
  const old = fragments[0]!.path
  await lake.duck.run(
    `COPY (SELECT * REPLACE (checked_at AT TIME ZONE 'UTC' AS checked_at) FROM read_parquet(${sqlText(old)})) TO ${sqlText(`${old}.new`)} (FORMAT parquet)`,
  )
  await rename(`${old}.new`, old)
  fragments[0]!.sha256 = await sha256OfFile(old)
  expect(await instants()).toEqual(marked)
})

test('ledger: a torn or missing fragment leaves the old ledger as it was', async () => {
  const { fragment } = await judge('2024', ['2024-07-02'], ['AAPL'])
  await consolidateLedger(lake, fragments)
  const before = await readFile(ledgerFile(lake.root))
  const path = join(dirname(fragment.path), '2023.parquet')
  const other: Fragment = { dataset: 'equities_bars', partition: '2023', path, sha256: sha256('half') }
  await expect(consolidateLedger(lake, [...fragments, other])).rejects.toThrow('2023.parquet')
  await writeFile(path, 'half')
  await expect(consolidateLedger(lake, [...fragments, other])).rejects.toThrow('2023.parquet')
  expect((await readFile(ledgerFile(lake.root))).equals(before)).toBe(true)
})

describe('ledger: a part', () => {
  const bytes = () => readFile(ledgerFile(lake.root))
  const partNames = async () => (await listedParts(ledgerFile(lake.root)))?.parts.map(({ name }) => name)
  const inode = async () => (await stat(ledgerFile(lake.root))).ino

  test('is copied where its fragments are those of before, without their being read', async () => {
    await judge('2023', ['2023-12-29'], ['AAPL', 'MSFT'])
    await judge('2024', ['2024-07-02'], ['AAPL'])
    await consolidateLedger(lake, fragments)
    const first = await bytes()
    const [old] = (await listedParts(ledgerFile(lake.root)))!.parts
    await rm(fragments[0]!.path)
    fragments.pop()
    await judge('2024', ['2024-07-02', '2024-07-03'], ['AAPL', 'MSFT'])
    expect(await consolidateLedger(lake, fragments)).toMatchObject({ rows: 9 })
    expect(await partNames()).toEqual(['equities_bars 2023', 'equities_bars 2024'])
    const part = (at: Buffer) => at.subarray(old!.offset, old!.offset + old!.bytes)
    expect(part(await bytes()).equals(part(first))).toBe(true)
    expect(await keys()).toContain('MSFT 2023-12-29')
  })

  test('makes the same file whether it is copied or queried', async () => {
    await judge('2022', ['2022-12-29'], ['AAPL'])
    await judge('2024', ['2024-07-02'], ['AAPL'])
    await consolidateLedger(lake, fragments)
    await judge('2023', ['2023-12-29'], ['MSFT'])
    const hash = async () => sha256OfFile((await consolidateLedger(lake, fragments)).path)
    const copied = await hash()
    await rm(ledgerFile(lake.root))
    expect(await hash()).toBe(copied)
    const before = await inode()
    expect(await hash()).toBe(copied)
    expect(await inode()).toBe(before)
  })

  test('of one fragment has the bytes that a query of its rows gives', async () => {
    await judge('2023', ['2023-12-28', '2023-12-29'], ['MSFT', 'AAPL'])
    await consolidateLedger(lake, fragments)
    const made = await bytes()
    const [part] = (await listedParts(ledgerFile(lake.root)))!.parts
    const sql = `SELECT * FROM ${ledgerRowsSql([fragments[0]!.path])}`
    const queried = join(lake.root, 'queried.parquet')
    await writeParts(lake, queried, [{ name: part!.name, source: part!.source, sql }], null)
    expect((await readFile(queried)).equals(made)).toBe(true)
  })

  test('is not made of a fragment that became another after it was hashed', async () => {
    await judge('2023', ['2023-12-29'], ['AAPL'])
    const found = await readFile(fragments[0]!.path)
    found[100]! ^= 1
    await writeFile(fragments[0]!.path, found)
    await expect(consolidateLedger(lake, fragments)).rejects.toThrow('got other bytes')
    await expect(bytes()).rejects.toThrow('ENOENT')
  })

  test('of many rows is sorted in pieces, by symbol and day', async () => {
    const SYMBOLS = 100_000
    for (const dt of ['2023-12-28', '2023-12-29', '2024-07-02']) {
      const path = ledgerFragment(lake.root, 'equities_bars_minute', dt)
      await mkdir(dirname(path), { recursive: true })
      await lake.duck.run(
        `COPY (SELECT * REPLACE ('S' || lpad(i::VARCHAR, 6, '0') AS symbol, DATE ${sqlText(dt)} AS dt, 'equities_bars_minute' AS dataset)
           FROM range(${SYMBOLS}) r(i) LEFT JOIN ${NO_ROWS} ON true ORDER BY i) TO ${sqlText(path)} ${LEDGER_FORMAT}`,
      )
      fragments.push({ dataset: 'equities_bars_minute', partition: dt, path, sha256: await sha256OfFile(path) })
    }
    const { rows, path } = await consolidateLedger(lake, fragments)
    expect(rows).toBe(3 * SYMBOLS)
    const [counted] = await lake.duck.all(
      `SELECT count(DISTINCT (symbol, dt)) AS cells, count(*) FILTER (WHERE key < before) AS unsorted
       FROM (SELECT *, concat(year(dt), symbol, dt) AS key, lag(key) OVER (ORDER BY file_row_number) AS before
         FROM read_parquet(${sqlText(path)}, file_row_number = true))`,
    )
    expect(counted).toEqual({ cells: 3 * SYMBOLS, unsorted: 0 })
  })

  test('is made anew where any byte of the ledger is another', async () => {
    await judge('2023', ['2023-12-29'], ['AAPL'])
    await judge('2024', ['2024-07-02'], ['AAPL'])
    await consolidateLedger(lake, fragments)
    const whole = await bytes()
    for (let at = 0; at < whole.length; at += 97) {
      const damaged = Buffer.from(whole)
      damaged[at]! ^= 0x10
      await writeFile(ledgerFile(lake.root), damaged)
      await consolidateLedger(lake, fragments)
      expect((await bytes()).equals(whole), `byte ${at}`).toBe(true)
    }
    await writeFile(ledgerFile(lake.root), whole.subarray(0, -1))
    await consolidateLedger(lake, fragments)
    expect((await bytes()).equals(whole)).toBe(true)
  })

  test('has the rows of its name, and the only one of an empty ledger has none', async () => {
    await judge('2023', ['2023-12-29'], ['AAPL'])
    await judge('2024', ['2024-07-02'], ['AAPL', 'MSFT'])
    const { path } = await consolidateLedger(lake, fragments)
    const rowsOf = async (name: string) => {
      const where = isInPartSql(name)
      return (await lake.duck.all(`SELECT symbol FROM read_parquet(${sqlText(path)}) WHERE ${where}`)).length
    }
    const names = ['equities_bars 2023', 'equities_bars 2024', 'equities_bars 2024-07', 'equities_bars 2024-06', 'none']
    expect(await Promise.all(names.map(rowsOf))).toEqual([2, 3, 3, 0, 0])
  })

  test('holds a month of the newest year, and a year before', () => {
    const days = ['2023-12-28', '2023-12-29', '2024-06-28', '2024-07-01', '2024-07-02']
    const minutes = days.map((partition) => ({ dataset: 'equities_bars_minute' as const, partition, sha256: '' }))
    const years = ['2023', '2024'].map((partition) => ({ dataset: 'equities_bars' as const, partition, sha256: '' }))
    const named = [...partsOf([...minutes, ...years])].map(([name, own]) => `${name}: ${own.length}`)
    expect(named).toEqual([
      'equities_bars 2023: 1',
      'equities_bars 2024: 1',
      'equities_bars_minute 2023: 2',
      'equities_bars_minute 2024-06: 1',
      'equities_bars_minute 2024-07: 2',
    ])
  })
})
