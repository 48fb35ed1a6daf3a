import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sql } from 'drizzle-orm'
import { beforeEach, expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { NewerSchemaError } from '../../db/migrate.ts'
import { openCopy } from '../../db/read-only.ts'
import { snapshotBeforeMigration } from '../../functions/_runtime/migration-snapshot.ts'
import { openDatabase } from '../../functions/_runtime/open-database.ts'
import { againWhileHeld } from '../db/again-while-held.ts'
import { freshDb, tempFolder } from '../db/temp-db.ts'

let folder: string
let file: string
beforeEach(async () => {
  folder = await tempFolder()
  file = join(folder, 'state/node.db')
  await mkdir(dirname(file))
})

/** The migrations of an earlier version of this program: without the last `without` ones. */
async function earlier(without: number): Promise<string> {
  const to = join(folder, `without-${without}`)
  await cp('migrations', to, { recursive: true })
  const journal = join(to, 'meta/_journal.json')
  const all = JSON.parse(await readFile(journal, 'utf8')) as { entries: { tag: string }[] }
  await writeFile(journal, JSON.stringify({ ...all, entries: all.entries.slice(0, all.entries.length - without) }))
  return to
}

const newest = async (): Promise<string> => {
  const { entries } = JSON.parse(await readFile('migrations/meta/_journal.json', 'utf8')) as {
    entries: { tag: string }[]
  }
  return (entries.at(-1) as { tag: string }).tag.slice(0, 4)
}

const opened = async <T>(migrations: string, work: (db: Db) => Promise<T>): Promise<T> => {
  const db = await againWhileHeld(() =>
    openDatabase({
      location: file,
      isServer: false,
      authToken: undefined,
      migrations,
      now: 0,
      log: () => undefined,
      onDamage: () => undefined,
    }),
  )
  try {
    return await work(db)
  } finally {
    db.close()
  }
}

const fill = (db: Db) =>
  db.write([sql`INSERT INTO exports (asof, made_at, digest, files, bytes) VALUES ('2025-07-08', 1, 'd', 2, 3)`])
const bundles = (db: Db) => db.all(sql`SELECT asof FROM exports`)
const copies = async (): Promise<string[]> =>
  (await readdir(dirname(file))).filter((name) => name.includes('before')).sort()

test('migration: a database with data is copied before it is migrated, and the earlier version goes on with the copy', async () => {
  const before = await earlier(1)
  await opened(before, fill)
  await opened('migrations', async (db) => expect(await bundles(db)).toHaveLength(1))
  expect(await copies()).toEqual([`node.db.before-${await newest()}`])
  // The way back, as docs/operations.md has it.
  await expect(opened(before, bundles)).rejects.toThrow(NewerSchemaError)
  const copy = join(dirname(file), (await copies())[0] as string)
  for (const ending of ['', '-wal', '-shm']) await rm(file + ending, { force: true })
  await copyFile(copy, file)
  expect(await opened(before, bundles)).toEqual([{ asof: '2025-07-08' }])
})

test('migration: a new database, and one that is up to date, are not copied', async () => {
  await opened('migrations', fill)
  await opened('migrations', bundles)
  expect(await copies()).toEqual([])
})

test('migration: after a way back, the next copy holds what was written since', async () => {
  const before = await earlier(1)
  await opened(before, fill)
  await opened('migrations', bundles)
  const copy = join(dirname(file), (await copies())[0] as string)
  for (const ending of ['', '-wal', '-shm']) await rm(file + ending, { force: true })
  await copyFile(copy, file)
  await opened(before, (db) => db.write([sql`UPDATE exports SET asof = '2025-07-09'`]))
  await opened('migrations', bundles)
  const read = await openCopy(copy)
  expect(await bundles(read)).toEqual([{ asof: '2025-07-09' }])
  read.close()
})

test('migration: without room for the copy nothing is migrated, in one sentence', async () => {
  const db = await freshDb()
  const [{ file: own } = { file: '' }] = await db.all<{ file: string }>(sql`PRAGMA database_list`)
  const terms = { file: own, before: '0099', log: () => undefined, free: async () => 1_000_000 }
  await expect(snapshotBeforeMigration(db, terms)).rejects.toThrow(
    /must be migrated \(0099\), and .* has no room for a copy of it before that: \d+ MB are needed, 1 MB are free; free some room, or start the earlier version/,
  )
  expect((await readdir(dirname(own))).filter((name) => name.includes('before'))).toEqual([])
})

test('migration: the newest two copies stay', async () => {
  const db = await freshDb()
  const [{ file: own } = { file: '' }] = await db.all<{ file: string }>(sql`PRAGMA database_list`)
  for (const before of ['0023', '0024', '0025'])
    await snapshotBeforeMigration(db, { file: own, before, log: () => undefined })
  expect((await readdir(dirname(own))).filter((name) => name.includes('before')).sort()).toEqual([
    'node.db.before-0024',
    'node.db.before-0025',
  ])
})
