import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { type Db, openDb } from '../../db/client.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { openLibsqlServer } from '../../db/libsql-server.ts'
import { migrateDb } from '../../db/migrate.ts'
import { type HranaServer, type HranaTerms, startHrana } from '../hrana/server.ts'
import {
  claim,
  DATASET,
  NOTHING_THERE,
  NOW,
  newTask,
  reachOf,
  settle,
  settlement,
  snapshot,
  tasksIn,
  tempFolder,
} from './temp-db.ts'

const DT = '2024-07-03'

async function serve(terms: Partial<HranaTerms> = {}): Promise<HranaServer> {
  const server = await startHrana({ file: join(await tempFolder(), 'server.db'), ...terms })
  onTestFinished(() => server.close())
  return server
}

async function openRemote(server: HranaServer, token?: string): Promise<Db> {
  const db = await openDb(server.url, token)
  onTestFinished(() => db.close())
  return db
}

test('libsql server: a server keeps the queue as a file does: enqueue, head, claim, snooze, settle, all or nothing', async () => {
  const db = await openRemote(await serve())
  await migrateDb(db, 'migrations')
  expect(db.exclusive).toBe(false)
  expect(await enqueueTasks(db, DATASET, [newTask('AAPL', DT), newTask('MSFT', DT)], NOW)).toBe(2)
  const reach = reachOf('alpaca', { fromDt: DT, toDt: DT })
  const head = await findHead(db, reach)
  expect(head).toMatchObject({ symbol: 'AAPL', dt: DT, attempts: 0 })
  expect(await claim(db, [1, 2], 't1')).toEqual(new Set([1, 2]))
  const snooze = { ...NOTHING_THERE, outcome: 'rate_limited', state: 'queued', countsAsAttempt: 0 } as const
  expect(await settle(db, 't1', [settlement(1, 'AAPL', DT), settlement(2, 'MSFT', DT, snooze)])).toBe(2)
  expect((await tasksIn(db)).map(({ state, attempts }) => [state, attempts])).toEqual([
    ['done', 1],
    ['queued', 0],
  ])
  expect(await db.all(sql`SELECT symbol, digest FROM attempts ORDER BY symbol`)).toEqual([
    { symbol: 'AAPL', digest: `digest of AAPL ${DT}` },
    { symbol: 'MSFT', digest: null },
  ])
  const before = await snapshot(db)
  expect(await settle(db, 't1', [settlement(1, 'AAPL', DT)])).toBe(0)
  await expect(db.write([sql`DELETE FROM attempts`, sql`UPDATE gap_tasks SET lane = 'tomorrow'`])).rejects.toThrow(
    /CHECK/,
  )
  expect(await snapshot(db)).toEqual(before)
  expect(await db.orm.$count(sql`gap_tasks`)).toBe(2)
})

test('libsql server: nodes that start at once on an empty server all find the newest schema', async () => {
  const server = await serve()
  const dbs = await Promise.all([1, 2, 3, 4].map(() => openRemote(server)))
  await Promise.all(dbs.map((db) => migrateDb(db, 'migrations')))
  for (const db of dbs) expect(await tasksIn(db)).toEqual([])
})

test("libsql server: a writer that is turned away because of another is none of the caller's business", async () => {
  const db = await openRemote(await serve({ fault: (exchange) => (exchange % 3 === 1 ? 'busy' : null) }))
  await migrateDb(db, 'migrations')
  const cells = Array.from({ length: 20 }, (_, i) => newTask(`S${i}`, DT))
  for (const cell of cells) expect(await enqueueTasks(db, DATASET, [cell], NOW)).toBe(1)
  expect(await tasksIn(db)).toHaveLength(20)
})

test('libsql server: a server that is being restarted is waited for, before a first exchange as well', async () => {
  const file = join(await tempFolder(), 'server.db')
  const first = await startHrana({ file })
  const { port } = first
  const db = await openRemote(first)
  await migrateDb(db, 'migrations')
  await first.close()
  const late = await openDb(`http://127.0.0.1:${port}`)
  onTestFinished(() => late.close())
  const waiting = Promise.all([enqueueTasks(db, DATASET, [newTask('A', DT)], NOW), tasksIn(late)])
  await new Promise((resolve) => setTimeout(resolve, 400))
  const second = await startHrana({ file, port })
  onTestFinished(() => second.close())
  expect((await waiting)[0]).toBe(1)
  expect(await tasksIn(late)).toHaveLength(1)
})

test('libsql server: a server that accepts and never answers fails in bounded time, in words, and is not asked again', async () => {
  const server = await serve({ fault: () => 'no_answer' })
  const connection = openLibsqlServer(server.url, undefined, { timeoutMs: 150, pausesMs: [1, 1] })
  onTestFinished(() => connection.close())
  await expect(connection.batch(['SELECT 1'])).rejects.toThrow(/database at 127\.0\.0\.1:\d+ did not answer in time/)
  await expect(connection.execute('SELECT 1')).rejects.toThrow(/did not answer in time/)
  expect(server.exchanges()).toBe(2)
})

test('libsql server: a write whose answer is lost is not sent twice, a read is', async () => {
  const server = await serve({ fault: (exchange) => (exchange === 2 || exchange === 4 ? 'lost_answer' : null) })
  const connection = openLibsqlServer(server.url, undefined, { pausesMs: [1, 1] })
  onTestFinished(() => connection.close())
  await connection.execute('CREATE TABLE t (n)')
  await connection.batch(['INSERT INTO t VALUES (1)'])
  await expect(connection.batch(['INSERT INTO t VALUES (2)'])).rejects.toThrow(/cannot be reached/)
  expect((await connection.execute('SELECT count(*) FROM t')).rows).toEqual([[2]])
  expect((await connection.execute('SELECT count(*) FROM t')).rows).toEqual([[2]])
  expect(server.exchanges()).toBe(6)
})

test('libsql server: a claim whose answer was lost leaves a lease that lapses, and a claim sent twice counts one attempt', async () => {
  const server = await serve()
  const db = await openRemote(server)
  await migrateDb(db, 'migrations')
  await enqueueTasks(db, DATASET, [newTask('AAPL', DT)], NOW)
  for (let i = 0; i < 2; i++) expect(await claim(db, [1], 't1')).toEqual(new Set([1]))
  expect(await tasksIn(db)).toMatchObject([{ state: 'leased', attempts: 1 }])
  expect(await reapLeases(db, 12, NOW + 60_000)).toBe(1)
  expect(await tasksIn(db)).toMatchObject([{ state: 'queued', attempts: 1 }])
})

test('libsql server: the token goes along, and a wrong one is refused without being shown', async () => {
  const server = await serve({ token: 'the-right-token' })
  expect(await (await openRemote(server, 'the-right-token')).all(sql`SELECT 1 AS n`)).toEqual([{ n: 1 }])
  const wrong = openLibsqlServer(server.url, 'a-wrong-token', { pausesMs: [1] })
  const refused = wrong.execute('SELECT 1')
  await expect(refused).rejects.toThrow(/cannot be reached/)
  await expect(refused).rejects.not.toThrow(/wrong-token/)
})
