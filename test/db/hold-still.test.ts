import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { type Db, openDb } from '../../db/client.ts'
import { holdFileStill } from '../../db/hold-still.ts'
import { openCopy } from '../../db/read-only.ts'
import { readApart } from '../../functions/_lake/read-apart.ts'
import { tempFolder } from './temp-db.ts'

async function filled(rows = 2_000): Promise<{ db: Db; file: string; folder: string }> {
  const folder = await tempFolder()
  const file = join(folder, 'node.db')
  const db = await openDb(file)
  onTestFinished(() => db.close())
  await db.write([
    sql`CREATE TABLE notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL)`,
    sql`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${rows})
        INSERT INTO notes SELECT i, hex(randomblob(200)) FROM n`,
  ])
  return { db, file, folder }
}

const add = (db: Db) => db.write([sql`INSERT INTO notes (text) VALUES (hex(randomblob(200)))`])

async function copyOf(
  file: string,
  to: string,
  between: () => Promise<unknown> = async () => undefined,
): Promise<void> {
  const { bytes, ended } = readApart(file)
  const pieces: Uint8Array[] = []
  for await (const piece of bytes) {
    pieces.push(piece as Uint8Array)
    await between()
  }
  await ended
  await writeFile(to, Buffer.concat(pieces))
}

/** Another process that tries to write to the database again and again until it is told to end. Returns how often it tried, and how often it could. */
function intruder(file: string) {
  const program = `
    const Database = require(${JSON.stringify(join(process.cwd(), 'node_modules/libsql'))})
    let tries = 0, got = 0
    const attempt = () => {
      tries++
      try {
        const file = new Database(${JSON.stringify(file)})
        try { file.exec('BEGIN IMMEDIATE'); got++; file.exec('ROLLBACK') } finally { file.close() }
      } catch {}
      if (tries === 1) process.stdout.write('begun ')
    }
    const timer = setInterval(attempt, 1)
    process.stdin.on('end', () => { clearInterval(timer); attempt(); process.stdout.write(JSON.stringify({ tries, got })) })
    process.stdin.resume()`
  const child = spawn(process.execPath, ['-e', program], { stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  let told = ''
  child.stdout.on('data', (text) => {
    told += text
  })
  return {
    begun: once(child.stdout, 'data'),
    async end(): Promise<{ tries: number; got: number }> {
      const closed = once(child, 'close')
      child.stdin.end()
      await closed
      return JSON.parse(told.replace('begun ', ''))
    },
  }
}

test('hold still: the copy is the database of the beginning, though rows are written while it is made', async () => {
  const { db, file, folder } = await filled()
  const copy = join(folder, 'copy.db')
  await holdFileStill(db, async () => {
    const before = await stat(file, { bigint: true })
    for (let turn = 0; turn < 50; turn++) await add(db)
    await copyOf(file, copy, () => add(db))
    expect((await stat(file, { bigint: true })).mtimeNs).toBe(before.mtimeNs)
  })
  const read = await openCopy(copy)
  onTestFinished(() => read.close())
  expect(await read.all(sql`SELECT count(*) AS rows FROM notes`)).toEqual([{ rows: 2_000 }])
  expect(await read.all(sql`PRAGMA integrity_check`)).toEqual([{ integrity_check: 'ok' }])
})

test('hold still: afterwards the log is folded in again, also where the work failed', async () => {
  const { db } = await filled(10)
  await expect(holdFileStill(db, () => Promise.reject(new Error('no disk')))).rejects.toThrow('no disk')
  await holdFileStill(db, async () => undefined)
  expect(await db.all(sql`PRAGMA wal_autocheckpoint`)).toEqual([{ wal_autocheckpoint: 4_000 }])
})

test('hold still: no other process can write to the database at any moment of a copy, nor afterwards', async () => {
  const { db, file, folder } = await filled()
  const other = intruder(file)
  await other.begun
  for (let turn = 0; turn < 20; turn++) {
    await holdFileStill(db, () => copyOf(file, join(folder, `copy-${turn}.db`), () => add(db)))
    await add(db)
  }
  const { tries, got } = await other.end()
  expect(tries).toBeGreaterThan(5)
  expect(got).toBe(0)
})

test('read apart: a file that is not there is an error with its name', async () => {
  const { bytes, ended } = readApart('/nowhere/node.db')
  for await (const _ of bytes) expect.fail('expected no bytes')
  await expect(ended).rejects.toThrow(/could not read \/nowhere\/node.db: .*No such file/)
})
