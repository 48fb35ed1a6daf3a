import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { createDuck, spillFolder } from '../../functions/_lake/duck.ts'
import { withTable } from '../../functions/_lake/duck-table.ts'
import { closeLake, type Lake, openLake } from '../../functions/_lake/lake.ts'
import { sqlList, sqlText } from '../../functions/_lake/sql-text.ts'

const lakes: Lake[] = []
async function setup(options: { memoryLimitMb?: number } = {}): Promise<Lake> {
  const root = await mkdtemp(join(tmpdir(), 'duck-'))
  const lake = openLake({ root, exportRoot: join(root, 'exports'), ...options })
  lakes.push(lake)
  return lake
}
afterEach(async () => {
  for (const lake of lakes.splice(0)) {
    await closeLake(lake)
    await rm(lake.root, { recursive: true, force: true })
  }
})

test('duck: an opened lake makes no folder until something is written', async () => {
  const lake = openLake({ root: '/nonexistent/data', exportRoot: '/nonexistent/exports' })
  expect(await lake.duck.all('SELECT 1 AS one')).toEqual([{ one: 1 }])
  await closeLake(lake)
  expect(existsSync('/nonexistent')).toBe(false)
})

test('duck: values come back plain: safe integers as numbers, days as text, instants as epoch milliseconds', async () => {
  const { duck } = await setup()
  const [row] =
    await duck.all(`SELECT 42::BIGINT AS big, 9007199254740993::BIGINT AS huge, sum(2) AS total, 1.25::DECIMAL(9, 2) AS price,
    DATE '1962-01-02' AS day, TIMESTAMP '2024-07-03 13:30:00.001' AS naive, TIMESTAMPTZ '2024-07-03 09:30:00-04:00' AS zoned,
    TIMESTAMP '1969-12-31 23:59:59' AS before, NULL AS nothing, true AS yes, ['a', 'b'] AS list, {'a': DATE '2020-01-01'} AS struct`)
  expect(row).toEqual({
    big: 42,
    huge: 9007199254740993n,
    total: 2,
    price: 1.25,
    day: '1962-01-02',
    naive: Date.UTC(2024, 6, 3, 13, 30, 0, 1),
    zoned: Date.UTC(2024, 6, 3, 13, 30),
    before: -1000,
    nothing: null,
    yes: true,
    list: ['a', 'b'],
    struct: { a: '2020-01-01' },
  })
})

test('duck: a value that has no plain form is refused with the advice to cast it', async () => {
  const { duck } = await setup()
  await expect(duck.all("SELECT INTERVAL '1 day' AS span")).rejects.toThrow(/cast it in the query/)
})

test('duck: an instant without a zone is read as UTC whatever the machine thinks', async () => {
  const { duck } = await setup()
  expect(await duck.all("SELECT current_setting('TimeZone') AS zone, TIMESTAMPTZ '2024-01-01' AS at")).toEqual([
    { zone: 'UTC', at: Date.UTC(2024, 0, 1) },
  ])
})

test('duck: nothing is downloaded: an extension that is not built in is a clean error', async () => {
  const { duck } = await setup()
  await expect(duck.all("SELECT * FROM read_parquet('https://127.0.0.1:9/x.parquet')")).rejects.toThrow(
    /httpfs|extension/i,
  )
})

test('duck: statements asked at once run one after the other in the order asked, and a failure does not stop the next', async () => {
  const { duck } = await setup()
  const asked = [
    duck.run('CREATE TABLE t (n INTEGER)'),
    duck.run('INSERT INTO t VALUES (1)'),
    duck.run('INSERT INTO missing VALUES (1)').catch(() => undefined),
    duck.run('INSERT INTO t SELECT max(n) + 1 FROM t'),
  ]
  const [seen] = await Promise.all([duck.all('SELECT list(n ORDER BY n) AS ns FROM t'), ...asked])
  expect(seen).toEqual([{ ns: [1, 2] }])
})

test("duck: a sort larger than DuckDB's memory limit spills inside the root and the spill is gone after close", async () => {
  const lake = await setup({ memoryLimitMb: 64 })
  await lake.duck.run(
    'CREATE TEMP TABLE big AS SELECT hash(i)::VARCHAR || hash(i + 1)::VARCHAR AS s FROM range(2000000) r(i) ORDER BY s',
  )
  expect(existsSync(join(lake.root, '.duckdb-tmp'))).toBe(true)
  await closeLake(lake)
  await closeLake(lake)
  expect(existsSync(join(lake.root, '.duckdb-tmp'))).toBe(false)
  await expect(lake.duck.all('SELECT 1')).rejects.toThrow(/closed/)
})

test('duck: text literals survive quotes and Unicode; NUL is refused', async () => {
  const { duck } = await setup()
  const text = `it's "x" \\ 日本 🚀 -- ;`
  expect(await duck.all(`SELECT ${sqlText(text)} AS t, ${sqlList([text, ''])} AS l, len(${sqlList([])}) AS n`)).toEqual(
    [{ t: text, l: [text, ''], n: 0 }],
  )
  expect(() => sqlText('a\0b')).toThrow(/NUL/)
})

test('duck: twenty thousand rows become a table and leave nothing behind, even when the work fails', async () => {
  const { duck } = await setup()
  const rows = Array.from({ length: 20_001 }, (_, i) => [`S'${i}`, '2024-02-29', i / 3, i, i % 2 ? null : true])
  const columns = { symbol: 'VARCHAR', dt: 'DATE', price: 'DOUBLE', n: 'BIGINT', flag: 'BOOLEAN' }
  const seen = await withTable(duck, 'wants', columns, rows, (table) =>
    duck.all(
      `SELECT count(*) AS n, count(flag) AS flags, min(dt) AS dt, list(price ORDER BY n)[20001] AS last, max(symbol) AS s FROM ${table}`,
    ),
  )
  expect(seen).toEqual([{ n: 20_001, flags: 10_001, dt: '2024-02-29', last: 20_000 / 3, s: "S'9999" }])
  await expect(withTable(duck, 'wants', columns, [], () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  expect(await duck.all('SELECT table_name FROM duckdb_tables()')).toEqual([])
  await expect(withTable(duck, 'wants', { n: 'DOUBLE' }, [[Number.NaN]], () => Promise.resolve())).rejects.toThrow(
    /column n/,
  )
})

test('duck: one that nobody uses is closed, gives its folder up, and starts again with the next query', async () => {
  const { root } = await setup()
  const duck = createDuck({ root, threads: 1, memoryLimitMb: 100, idleMs: 20 })
  expect(await duck.all('SELECT 1 AS one')).toEqual([{ one: 1 }])
  // Where it spills is removed as it closes.
  await mkdir(spillFolder(root), { recursive: true })
  await vi.waitFor(() => expect(existsSync(spillFolder(root))).toBe(false), 10_000)
  expect(await duck.all('SELECT 2 AS two')).toEqual([{ two: 2 }])
  await duck.close()
})

test('duck: one that holds a table for a call is not closed, however long the call does something else', async () => {
  const { root } = await setup()
  const duck = createDuck({ root, threads: 1, memoryLimitMb: 100, idleMs: 5 })
  const found = await withTable(duck, 'days', { dt: 'DATE' }, [['2025-07-08']], async (table) => {
    await new Promise((resolve) => setTimeout(resolve, 200))
    return await duck.all(`SELECT dt FROM ${table}`)
  })
  expect(found).toEqual([{ dt: '2025-07-08' }])
  await duck.close()
})
