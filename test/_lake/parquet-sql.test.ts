import { mkdir, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import type { Lake } from '../../functions/_lake/lake.ts'
import { parquetFileMetadata, parquetMetadata, parquetSchema, readParquet } from '../../functions/_lake/parquet-sql.ts'
import { sqlText } from '../../functions/_lake/sql-text.ts'
import { dropLake, tempLake } from './lake-fixture.ts'

let lake: Lake
afterEach(() => dropLake(lake))

/** Names that mean something to a pattern, each beside the neighbour that the pattern would find. */
const NAMES = [
  'disk[1]',
  'disk1',
  'what?',
  'whatX',
  'a*b',
  'aXb',
  '**',
  '[!x]',
  'y',
  'a]b',
  '[a-c]',
  'b',
  'x{1,2}',
  'back\\slash',
  "it's",
  'dt=2020-01-02',
  'symbol=X',
  '~tilde',
]

async function setup(names = NAMES): Promise<Map<string, string>> {
  lake = await tempLake()
  const files = new Map<string, string>()
  for (const name of names) {
    const file = join(lake.root, name, 'data.parquet')
    await mkdir(join(lake.root, name), { recursive: true })
    await lake.duck.run(
      `COPY (SELECT ${sqlText(name)} AS name, DATE '2024-07-03' AS dt, 'AAPL' AS symbol) TO ${sqlText(file)} (FORMAT parquet, USE_TMP_FILE false)`,
    )
    files.set(name, file)
  }
  return files
}

test('parquet sql: a file is read from its own place, whatever its path means as a pattern, and is told of by that path', async () => {
  for (const [name, file] of await setup()) {
    const rows = await lake.duck.all(`SELECT * FROM ${readParquet(file, { filename: true, rowNumber: true })}`)
    expect(rows).toEqual([{ name, dt: '2024-07-03', symbol: 'AAPL', filename: file, file_row_number: 0 }])
  }
})

test('parquet sql: footers are read from their own place too', async () => {
  for (const [, file] of await setup()) {
    for (const sql of [parquetFileMetadata(file), parquetSchema([file]), parquetMetadata(file)]) {
      expect(await lake.duck.all(`SELECT DISTINCT file_name AS file FROM ${sql}`)).toEqual([{ file }])
    }
  }
})

test('parquet sql: a list holds each of its files once', async () => {
  const files = [...(await setup()).values()]
  const found = await lake.duck.all<{ filename: string }>(
    `SELECT filename FROM ${readParquet(files, { filename: true })}`,
  )
  expect(found.map(({ filename }) => filename)).toEqual(files)
})

test('parquet sql: a file that is not there is missed, though a neighbour fits its path as a pattern', async () => {
  await setup(['disk1', 'whatX', 'aXb'])
  for (const name of ['disk[1]', 'what?', 'a*b']) {
    const file = join(lake.root, name, 'data.parquet')
    await expect(lake.duck.all(`SELECT * FROM ${readParquet(file)}`)).rejects.toThrow('No files found')
  }
})

test('parquet sql: a hidden file, and one behind a link, are found below a name with brackets', async () => {
  await setup(['disk[1]'])
  await symlink(join(lake.root, 'disk[1]'), join(lake.root, 'link[1]'))
  const hidden = join(lake.root, 'link[1]', '.data.parquet.tmp')
  await lake.duck.run(`COPY (SELECT 1 AS n) TO ${sqlText(hidden)} (FORMAT parquet, USE_TMP_FILE false)`)
  expect(await lake.duck.all(`SELECT n, filename FROM ${readParquet(hidden, { filename: true })}`)).toEqual([
    { n: 1, filename: hidden },
  ])
})
