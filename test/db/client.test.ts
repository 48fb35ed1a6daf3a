import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { access, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { DatabaseBusyError, openDb } from '../../db/client.ts'
import { migrateDb } from '../../db/migrate.ts'
import { freshDb, tempFolder } from './temp-db.ts'

/** Another process that owns a database file as a node does, until it is killed. */
async function otherOwner(file: string): Promise<ChildProcess> {
  const script = `
    import { createClient } from '@libsql/client'
    const client = createClient({ url: 'file:' + process.argv[1], concurrency: 1 })
    await client.execute('PRAGMA locking_mode = EXCLUSIVE')
    await client.execute('PRAGMA journal_mode = WAL')
    await client.batch(['CREATE TABLE IF NOT EXISTS mine (n)'], 'write')
    console.log('owned')
    setInterval(() => client, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  if (child.stdout) await once(child.stdout, 'data')
  return child
}

test('client: a second process on one file is told so in a sentence, and may have it once the first is dead', async () => {
  const file = join(await tempFolder(), 'node.db')
  const owner = await otherOwner(file)
  const refused = openDb(file)
  await expect(refused).rejects.toBeInstanceOf(DatabaseBusyError)
  await expect(refused).rejects.toThrow(/already running on .*node\.db: stop it, or give this one a DATA_ROOT/)
  owner.kill('SIGKILL')
  await once(owner, 'exit')
  const db = await openDb(file)
  onTestFinished(() => db.close())
  expect(await db.all(sql`SELECT count(*) AS rows FROM mine`)).toEqual([{ rows: 0 }])
  expect(db.exclusive).toBe(true)
})

test('client: a path that is no database is refused with its name', async () => {
  await expect(openDb(await tempFolder())).rejects.toThrow(/cannot open the database .*node-db-/)
})

test.each(['a b', 'a#b', 'a?b', 'a%41b', 'ä'])(
  'client: the folder %j holds the database it was told to hold',
  async (name) => {
    const folder = await tempFolder()
    await mkdir(join(folder, name))
    const db = await openDb(join(folder, name, 'node.db'))
    onTestFinished(() => db.close())
    await db.write([sql`CREATE TABLE t (n)`])
    await access(join(folder, name, 'node.db'))
  },
)

test('client: a local file is owned: exclusive lock, write-ahead log, full sync, foreign keys', async () => {
  const db = await openDb(join(await tempFolder(), 'node.db'))
  onTestFinished(() => db.close())
  const pragma = async (name: string) => Object.values((await db.all<object>(sql.raw(`PRAGMA ${name}`)))[0] ?? {})[0]
  expect(await pragma('locking_mode')).toBe('exclusive')
  expect(await pragma('journal_mode')).toBe('wal')
  expect(await pragma('synchronous')).toBe(2)
  expect(await pragma('foreign_keys')).toBe(1)
})

test('client: a write that may be lost with the power is not synced, and the next one is, also when it failed', async () => {
  const db = await openDb(join(await tempFolder(), 'node.db'))
  onTestFinished(() => db.close())
  await db.write([sql`CREATE TABLE levels (level INTEGER CHECK (level < 3))`])
  const noteLevel = sql`INSERT INTO levels SELECT synchronous FROM pragma_synchronous`
  await db.change([noteLevel], { isSynced: false })
  await db.change([noteLevel])
  await expect(db.change([noteLevel, sql`INSERT INTO levels VALUES (3)`], { isSynced: false })).rejects.toThrow(/CHECK/)
  await db.change([noteLevel], { isSynced: true })
  expect(await db.all(sql`SELECT level FROM levels ORDER BY rowid`)).toEqual([{ level: 1 }, { level: 2 }, { level: 2 }])
})

test('client: a batch is all or nothing', async () => {
  const db = await freshDb()
  await db.write([sql`CREATE TABLE t (n INTEGER CHECK (n > 0))`])
  await expect(
    db.write([sql`INSERT INTO t VALUES (1)`, sql`INSERT INTO t VALUES (-1)`, sql`INSERT INTO t VALUES (2)`]),
  ).rejects.toThrow(/CHECK/)
  expect(await db.all(sql`SELECT n FROM t`)).toEqual([])
  const returned = await db.write([
    sql`INSERT INTO t VALUES (1), (2) RETURNING n`,
    sql`SELECT count(*) AS rows FROM t`,
    sql`DELETE FROM t`,
  ])
  expect(returned).toEqual([[{ n: 1 }, { n: 2 }], [{ rows: 2 }], []])
})

test('client: a change tells how many rows each statement changed, and is all or nothing', async () => {
  const db = await freshDb()
  await db.write([sql`CREATE TABLE t (n INTEGER CHECK (n > 0))`])
  const changed = [
    sql`INSERT INTO t VALUES (1), (2), (3)`,
    sql`UPDATE t SET n = n + 1 WHERE n > 1`,
    sql`DELETE FROM t WHERE n > 9`,
  ]
  expect(await db.change(changed)).toEqual([3, 2, 0])
  expect(await db.change([sql`DELETE FROM t`])).toEqual([3])
  await expect(db.change([sql`INSERT INTO t VALUES (1)`, sql`INSERT INTO t VALUES (-1)`])).rejects.toThrow(/CHECK/)
  expect(await db.all(sql`SELECT n FROM t`)).toEqual([])
})

test('client: a batch that failed does not poison the writes after it', async () => {
  const db = await freshDb()
  await db.write([sql`CREATE TABLE t (n INTEGER CHECK (n > 0))`])
  for (let i = 1; i <= 20; i++) {
    await expect(db.write([sql`INSERT INTO t VALUES (${i})`, sql`INSERT INTO t VALUES (0)`])).rejects.toThrow()
    await db.write([sql`INSERT INTO t VALUES (${i})`])
  }
  expect(await db.all(sql`SELECT count(*) AS rows FROM t`)).toEqual([{ rows: 20 }])
})

test('client: batches that are asked for at once follow each other', async () => {
  const db = await freshDb()
  await db.write([sql`CREATE TABLE t (n INTEGER)`, sql`INSERT INTO t VALUES (0)`])
  const seen = await Promise.all(
    Array.from({ length: 250 }, () => db.write([sql`UPDATE t SET n = n + 1`, sql`SELECT n FROM t`])),
  )
  expect(seen.map(([, rows]) => rows?.[0]?.n)).toEqual(Array.from({ length: 250 }, (_, i) => i + 1))
})

test('client: a long run of statements hands the event loop back', async () => {
  const db = await freshDb()
  let turns = 0
  let counting = true
  const turn = (): void => {
    turns++
    if (counting) setImmediate(turn)
  }
  setImmediate(turn)
  for (let i = 0; i < 1_000; i++) await db.all(sql`SELECT 1`)
  counting = false
  expect(turns).toBeGreaterThanOrEqual(9)
})

test('client: an interactive transaction is refused', async () => {
  const db = await freshDb()
  await expect(db.orm.transaction(async () => 1)).rejects.toThrow(/interactive transactions are not used here/)
})

test('client: what was written is there for the next owner of the file', async () => {
  const file = join(await tempFolder(), 'node.db')
  const writer = `
    import { createClient } from '@libsql/client'
    const client = createClient({ url: 'file:' + process.argv[1], concurrency: 1 })
    await client.execute('PRAGMA locking_mode = EXCLUSIVE')
    await client.execute('PRAGMA journal_mode = WAL')
    await client.batch(['CREATE TABLE t (n)', 'INSERT INTO t VALUES (42)'], 'write')
    process.kill(process.pid, 'SIGKILL')`
  const child = spawn(process.execPath, ['--input-type=module', '-e', writer, file], { stdio: 'ignore' })
  await once(child, 'exit')
  const db = await openDb(file)
  onTestFinished(() => db.close())
  expect(await db.all(sql`SELECT n FROM t`)).toEqual([{ n: 42 }])
})

test('client: migrating twice is harmless', async () => {
  const db = await freshDb()
  await migrateDb(db, 'migrations')
  expect(await db.all(sql`SELECT count(*) AS tasks FROM gap_tasks`)).toEqual([{ tasks: 0 }])
})
