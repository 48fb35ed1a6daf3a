import { copyFile, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { callsSpent } from '../../db/budgets/take-calls.ts'
import { DamagedDatabaseError, openDb } from '../../db/client.ts'
import { NewerSchemaError } from '../../db/migrate.ts'
import { startNode } from '../../functions/_runtime/start.ts'
import { againWhileHeld } from '../db/again-while-held.ts'
import { SESSIONS, startTestNode, type TestNode } from '../test-node.ts'

// Whole nodes and nights are real work: a slow machine may take its time.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 })

let node: TestNode
beforeEach(async () => {
  node = await startTestNode()
  await node.post('/audit')
  for (let more = true; more; ) more = (await node.post('/dispatch-one-task')).body.more === true
})
afterEach(() => node.remove())

const CELLS = 3 * SESSIONS
const state = (...parts: string[]): string => join(node.root, 'data_layer/state', ...parts)
const file = (): string => state('node.db')
const running = () => node.running().node
const versions = () =>
  running().db.all(
    sql`SELECT dataset, symbol, dt, vendor, rows, digest FROM attempts WHERE digest IS NOT NULL ORDER BY dataset, symbol, dt, vendor`,
  )
const setAside = async (): Promise<string[]> => {
  const names = (await readdir(state())).filter((name) => name.startsWith('node.db.damaged-'))
  return [...new Set(names.map((name) => name.replace(/-(wal|shm)$/, '')))].sort()
}
/** A closed database that is not collected yet would remove the log that lies beside its file. */
const released = async (): Promise<void> => {
  for (let times = 0; times < 3; times++) await againWhileHeld(async () => undefined)
}
const sentences = (): string[] =>
  node.lines
    .map((line) => JSON.parse(line) as { msg: string; error?: string })
    .filter(({ msg }) => msg === 'start.database_lost')
    .map(({ error }) => error ?? '')

async function overwrite(path: string, from: number, bytes: Buffer): Promise<void> {
  const handle = await open(path, 'r+')
  await handle.write(bytes, 0, bytes.length, from)
  await handle.close()
}
const sizeOf = async (path: string): Promise<number> => (await stat(path)).size
/** A log of another database, of the same page size. */
async function foreignLog(): Promise<void> {
  const other = join(node.root, 'other.db')
  const db = await openDb(other)
  await db.write([sql`CREATE TABLE t (n TEXT)`])
  await db.write([sql`INSERT INTO t SELECT hex(randomblob(3000)) FROM json_each('[1,2,3,4,5,6,7,8,9]')`])
  await copyFile(`${other}-wal`, `${file()}-wal`)
  db.close()
}

describe('open database: a damaged database is set aside in words, and rebuilt from the manifests', () => {
  test.each<[string, () => Promise<unknown>]>([
    ['an overwritten header', () => overwrite(file(), 0, Buffer.alloc(100, 'x'))],
    ['a zeroed header', () => overwrite(file(), 0, Buffer.alloc(4096))],
    ['overwritten pages', async () => overwrite(file(), 8192, Buffer.alloc((await sizeOf(file())) - 16_384, 'x'))],
    ['zeroed pages', async () => overwrite(file(), 4096 * 4, Buffer.alloc(4096 * 40))],
    ['a file cut in half', async () => truncate(file(), Math.floor((await sizeOf(file())) / 2))],
    ['a file cut within a page', async () => truncate(file(), (await sizeOf(file())) - 1000)],
    ['a file of a hundred bytes', () => truncate(file(), 100)],
    ['an empty file', () => truncate(file(), 0)],
    ['a log of another database', foreignLog],
    [
      'a log without its file',
      async () => {
        await foreignLog()
        await rm(file())
      },
    ],
  ])('%s', async (_what, damage) => {
    const known = await versions()
    await node.stop()
    await released()
    await damage()
    await node.start()
    expect(sentences()).toEqual([
      expect.stringMatching(/node\.db is damaged \(.+\): it was set aside as node\.db\.damaged-/),
    ])
    expect((await setAside()).length).toBeGreaterThanOrEqual(1)
    expect(await versions()).toEqual(known)
    expect((await node.post('/audit')).body).toMatchObject({ gaps: 0 })
    await node.stop()
    await node.start()
    expect(sentences()).toEqual([])
    expect(await versions()).toEqual(known)
  })

  test('a file cut within a page, whatever that page held', async () => {
    await node.stop()
    await released()
    await truncate(file(), (await sizeOf(file())) - 1000)
    await node.start()
    expect(sentences()).toEqual([expect.stringMatching(/node\.db is damaged \(it was cut off: \d+ of \d+ bytes/)])
  })

  test('the budgets that went with it count as spent', async () => {
    await node.stop()
    await truncate(file(), 100)
    await node.reconfigure((config) => ({
      ...config,
      vendors: { ...config.vendors, massive: { ...config.vendors.massive!, calls_per_day: 200 } },
    }))
    for (const { name, config } of running().vendors) {
      const spent = await callsSpent(running().db, config.account ?? name, running().now())
      expect(spent.minute, name).toBeGreaterThanOrEqual(config.calls_per_minute)
      expect(spent.day, name).toBeGreaterThanOrEqual(config.calls_per_day ?? 0)
    }
  })

  test('not more than three of them are kept', async () => {
    for (let times = 0; times < 5; times++) {
      await node.stop()
      await truncate(file(), 100)
      await node.clock.sleep(60_000)
      await node.start()
    }
    expect(await setAside()).toHaveLength(3)
  })

  test('the whole night after it gives the same bundle', async () => {
    await node.night()
    const sums = await readFile(join(node.root, 'exports/latest/SHA256SUMS'), 'utf8')
    await node.stop()
    await overwrite(file(), 4096 * 4, Buffer.alloc(4096 * 40))
    await node.start()
    expect((await node.night()).every(({ ok }) => ok)).toBe(true)
    expect(await readFile(join(node.root, 'exports/latest/SHA256SUMS'), 'utf8')).toBe(sums)
  })
})

describe('open database: what is no damage stays where it is', () => {
  test('a database of a newer version is refused in a sentence', async () => {
    await running().db.write([sql`INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('x', 9999999999999)`])
    await node.stop()
    await expect(node.start()).rejects.toThrow(/newer version of this program/)
    await expect(node.start()).rejects.toBeInstanceOf(NewerSchemaError)
    expect(await setAside()).toEqual([])
  })

  test('a second node on the same root is refused', async () => {
    const env = { ...node.env, PORT: '0' }
    await expect(startNode({ env, clock: node.clock, sink: () => undefined })).rejects.toThrow(/already running/)
    expect(await setAside()).toEqual([])
  })
})

describe('open database: damage that shows while the node runs', () => {
  /** Opens the file as the node does, with pages gone that nobody has read yet. */
  async function opened(onDamage: (error: Error) => void) {
    const path = join(node.root, 'own.db')
    const first = await openDb(path)
    await first.write([sql`CREATE TABLE t (n TEXT)`, sql`CREATE TABLE u (n TEXT)`])
    for (let times = 0; times < 20; times++) {
      await first.write([sql`INSERT INTO t SELECT hex(randomblob(3000)) FROM json_each('[1,2,3,4,5,6,7,8,9]')`])
    }
    first.close()
    await overwrite(path, 4096 * 4, Buffer.alloc(4096 * 60, 7))
    return await againWhileHeld(() => openDb(path, undefined, onDamage))
  }

  test('is told once; nothing is written after it', async () => {
    const told: Error[] = []
    const db = await opened((error) => told.push(error))
    await db.write([sql`INSERT INTO u VALUES ('before')`])
    await expect(db.all(sql`SELECT sum(length(n)) FROM t`)).rejects.toBeInstanceOf(DamagedDatabaseError)
    await expect(db.write([sql`INSERT INTO u VALUES ('after')`])).rejects.toThrow(/own\.db is damaged/)
    expect(told).toHaveLength(1)
    db.close()
  })
})

test('open database: a start after damage that only a full check finds rebuilds too', async () => {
  const known = await versions()
  await node.stop()
  const db = await againWhileHeld(() => openDb(file()))
  // An index that lacks an entry of its table: the quick check does not compare them.
  const [index] = await db.all<{ root: number; size: number }>(
    sql`SELECT rootpage AS root, (SELECT page_size FROM pragma_page_size) AS size FROM sqlite_master WHERE type = 'index' AND name = 'lost_files_at'`,
  )
  await db.write([
    sql`INSERT INTO lost_files (path, vendor, dataset, why, cells, at) VALUES ('raw/x', 'alpaca', 'equities_bars', 'gone', 1, 1)`,
  ])
  db.close()
  // The root page as it is without entries.
  const empty = Buffer.alloc(index!.size)
  empty[0] = 10
  empty.writeUInt16BE(index!.size, 5)
  await overwrite(file(), (index!.root - 1) * index!.size, empty)
  await node.start()
  expect(sentences()).toEqual([])
  await node.stop()
  await writeFile(`${file()}.suspect`, '')
  await node.start()
  expect(sentences()).toHaveLength(1)
  expect(await versions()).toEqual(known)
  expect(await readdir(state())).not.toContain('node.db.suspect')
})

test('open database: after a clean stop the log is folded in: the file alone is the whole database', async () => {
  const known = await versions()
  await node.stop()
  expect(await sizeOf(`${file()}-wal`).catch(() => 0)).toBe(0)
  const copy = join(node.root, 'copy.db')
  await copyFile(file(), copy)
  const db = await openDb(copy)
  expect(await db.all(sql`SELECT count(*) AS cells FROM attempts WHERE digest IS NOT NULL`)).toEqual([{ cells: CELLS }])
  expect(known).toHaveLength(CELLS)
  db.close()
})
