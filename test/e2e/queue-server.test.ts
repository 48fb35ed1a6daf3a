import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { expect, onTestFinished, test } from 'vitest'
import { type Db, openDb } from '../../db/client.ts'
import { enqueueTasks, type NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { migrateDb } from '../../db/migrate.ts'
import type { WorkerReport } from '../hrana/worker.ts'

const TASKS = 1_200
const NOW = Date.now()

function start(script: string, ...args: string[]): ChildProcess {
  const child = spawn(process.execPath, [`dist/test/hrana/${script}.js`, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}

async function linesOf(child: ChildProcess): Promise<string> {
  let text = ''
  child.stdout?.on('data', (chunk: Buffer) => {
    text += chunk.toString()
  })
  await once(child, 'exit')
  return text
}

async function startServer(file: string, port = '0'): Promise<{ child: ChildProcess; port: string }> {
  const child = start('main', file, port)
  const [line] = (await once(child.stdout!, 'data')) as [Buffer]
  return { child, port: line.toString().trim() }
}

async function openQueue(port: string): Promise<Db> {
  const db = await openDb(`http://127.0.0.1:${port}`)
  onTestFinished(() => db.close())
  await migrateDb(db, 'migrations')
  const tasks = Array.from(
    { length: TASKS },
    (_, i): NewTask => ({
      symbol: `S${i % 100}`,
      dt: new Date(Date.UTC(2024, 0, 1 + Math.floor(i / 100))).toISOString().slice(0, 10),
      lane: 'backfill',
      priority: 0,
      expectedRows: 1,
      reason: 'missing',
      nextAt: NOW,
    }),
  )
  expect(await enqueueTasks(db, 'equities_bars', tasks, NOW)).toBe(TASKS)
  return db
}

const done = async (db: Db): Promise<number> =>
  Number((await db.all<{ n: number }>(sql`SELECT count(*) AS n FROM gap_tasks WHERE state = 'done'`))[0]?.n)

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50))
}

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'shared-queue-'))
  onTestFinished(() => rm(path, { recursive: true, force: true }))
  return path
}

async function expectWhole(db: Db): Promise<void> {
  expect(await db.all(sql`SELECT state, count(*) AS tasks FROM gap_tasks GROUP BY state`)).toEqual([
    { state: 'done', tasks: TASKS },
  ])
  expect(await db.all(sql`SELECT * FROM leases`)).toEqual([])
  expect(await db.all(sql`SELECT count(*) AS cells, sum(count) AS answers FROM attempts`)).toEqual([
    { cells: TASKS, answers: TASKS },
  ])
}

test('queue server: four processes on one server settle every task once, and none hears that the database was busy', async () => {
  const { port } = await startServer(join(await folder(), 'server.db'))
  const db = await openQueue(port)
  const workers = ['alpaca', 'massive', 'fred', 'other'].map((name) =>
    start('worker', `http://127.0.0.1:${port}`, name, '600000'),
  )
  const reports = (await Promise.all(workers.map(linesOf))).map((text) => JSON.parse(text) as WorkerReport)
  const settled = reports.flatMap((report) => report.settled)
  expect(new Set(settled).size).toBe(settled.length)
  expect(settled).toHaveLength(TASKS)
  expect(reports.flatMap(({ failures }) => failures)).toEqual([])
  expect(reports.filter((report) => report.settled.length > 0).length).toBeGreaterThan(1)
  await expectWhole(db)
  expect(await db.all(sql`SELECT max(attempts) AS most FROM gap_tasks`)).toEqual([{ most: 1 }])
})

test('queue server: a server killed and started again, and a worker killed in the middle, lose nothing and settle nothing twice', async () => {
  const file = join(await folder(), 'server.db')
  const first = await startServer(file)
  const db = await openQueue(first.port)
  const workers = ['alpaca', 'massive', 'fred', 'other'].map((name) =>
    start('worker', `http://127.0.0.1:${first.port}`, name, '3000'),
  )
  const reading = Promise.all(workers.slice(1).map(linesOf))
  await until(async () => (await done(db)) > TASKS / 6)
  workers[0]!.kill('SIGKILL')
  first.child.kill('SIGKILL')
  await once(first.child, 'exit')
  await startServer(file, first.port)
  const reports = (await reading).map((text) => JSON.parse(text) as WorkerReport)
  const settled = reports.flatMap((report) => report.settled)
  expect(new Set(settled).size).toBe(settled.length)
  expect(reports.flatMap(({ failures }) => failures).filter((failure) => /BUSY|locked/.test(failure))).toEqual([])
  await expectWhole(db)
})
