import { execFile } from 'node:child_process'
import { cp, readdir, readFile, writeFile } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { promisify } from 'node:util'
import { getTableColumns, getTableName, is, sql } from 'drizzle-orm'
import { SQLiteTable } from 'drizzle-orm/sqlite-core'
import { expect, onTestFinished, test } from 'vitest'
import { openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import { freshDb, tempFolder } from './temp-db.ts'

const run = promisify(execFile)

/** The tables as db/<table>/table.ts says them. */
async function tablesInCode(): Promise<SQLiteTable[]> {
  const folders = await readdir('db', { withFileTypes: true })
  const tables: SQLiteTable[] = []
  for (const { name } of folders.filter((entry) => entry.isDirectory())) {
    const module = (await import(resolve('db', name, 'table.ts'))) as Record<string, unknown>
    tables.push(...Object.values(module).filter((value) => is(value, SQLiteTable)))
  }
  return tables
}

test('migrate: the tables in the database are those in the code, column by column', async () => {
  const db = await freshDb()
  const made = await db.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND name <> '__drizzle_migrations'`,
  )
  const tables = await tablesInCode()
  expect(made.map(({ name }) => name).sort()).toEqual(tables.map(getTableName).sort())
  for (const table of tables) {
    const columns = await db.all<{ name: string; type: string; notnull: number }>(
      sql`SELECT name, type, "notnull" FROM pragma_table_info(${getTableName(table)}) ORDER BY cid`,
    )
    const wanted = Object.values(getTableColumns(table)).map((column) => ({
      name: column.name,
      type: column.getSQLType().toUpperCase(),
      notnull: column.notNull ? 1 : 0,
    }))
    expect({ [getTableName(table)]: columns }).toEqual({ [getTableName(table)]: wanted })
  }
})

test('migrate: the migrations leave nothing of the tables to generate', async () => {
  const folder = await tempFolder()
  const out = join(folder, 'migrations')
  await cp('migrations', out, { recursive: true })
  // The generator refuses absolute output folders.
  const args = ['generate', '--dialect', 'sqlite', '--schema', './db/*/table.ts', '--out', relative('.', out)]
  const { stdout } = await run(resolve('node_modules/.bin/drizzle-kit'), args, { timeout: 60_000 })
  expect(stdout).toMatch(/No schema changes/)
  expect(await readdir(out)).toEqual(await readdir('migrations'))
}, 90_000)

test('migrate: every migration in the journal is a file', async () => {
  const journal = JSON.parse(await readFile('migrations/meta/_journal.json', 'utf8')) as { entries: { tag: string }[] }
  const files = (await readdir('migrations')).filter((name) => name.endsWith('.sql')).sort()
  expect(journal.entries.map(({ tag }) => `${tag}.sql`)).toEqual(files)
})

/** The migrations as they were when so many had been written. */
async function firstMigrations(count: number): Promise<string> {
  const folder = join(await tempFolder(), 'migrations')
  await cp('migrations', folder, { recursive: true })
  const journal = join(folder, 'meta', '_journal.json')
  const { entries, ...rest } = JSON.parse(await readFile(journal, 'utf8')) as { entries: object[] }
  await writeFile(journal, JSON.stringify({ ...rest, entries: entries.slice(0, count) }))
  return folder
}

test('migrate: the queue of an older version keeps its tasks; those that were leased are queued, with their attempt counted', async () => {
  const db = await openDb(join(await tempFolder(), 'node.db'))
  onTestFinished(() => db.close())
  await migrateDb(db, await firstMigrations(6))
  await db.write([
    sql`INSERT INTO gap_tasks (id, dataset, symbol, dt, lane, priority, reason, state, attempts, next_at, created_at, updated_at, turn)
        SELECT key + 1, 'equities_bars', value, '2024-07-01', 'backfill', 0, 'missing', value, 1, 5, 6, 7, 20240701
        FROM json_each('["queued","leased","done","stalled"]')`,
    sql`INSERT INTO leases (task_id, vendor, token, holder, leased_at, lease_expires_at) VALUES (2, 'alpaca', 't', 'h', 0, 9)`,
  ])
  await migrateDb(db, 'migrations')
  expect(
    await db.all(
      sql`SELECT symbol, state, attempts, done_at AS doneAt, lease, sort_key AS sortKey FROM gap_tasks ORDER BY id`,
    ),
  ).toEqual(
    [
      { symbol: 'queued', state: 'queued', doneAt: null },
      { symbol: 'leased', state: 'queued', doneAt: null },
      { symbol: 'done', state: 'done', doneAt: 7 },
      { symbol: 'stalled', state: 'stalled', doneAt: null },
    ].map((task) => ({ ...task, attempts: 1, lease: null, sortKey: 20_240_701 })),
  )
  expect(await db.all(sql`SELECT * FROM leases`)).toEqual([])
})

test('migrate: the evidence of an older version is kept to the last column, in one tree', async () => {
  const db = await openDb(join(await tempFolder(), 'node.db'))
  onTestFinished(() => db.close())
  await migrateDb(db, await firstMigrations(9))
  await db.write([
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, status, rows, digest, note, at, ask_again_at, refused_for, reread_at)
        SELECT 'equities_bars', 'S' || (1000 - value), '2024-07-01', 'alpaca', value, 'filled', NULL, 7, 'd' || value, 'n', 5, 6, 'BAD', value
        FROM json_each('[3,1,2]')`,
  ])
  const evidence = () => db.all(sql`SELECT * FROM attempts ORDER BY symbol`)
  const before = await evidence()
  await migrateDb(db, 'migrations')
  expect(await evidence()).toEqual(before)
  expect(await db.all(sql`SELECT name FROM sqlite_master WHERE tbl_name = 'attempts'`)).toEqual([{ name: 'attempts' }])
  await expect(db.all(sql`SELECT rowid FROM attempts`)).rejects.toThrow(/no such column/)
})
