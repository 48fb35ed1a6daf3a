/** A database in a temp file, migrated and gone after the test, and rows to put into it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InValue } from '@libsql/client'
import { sql } from 'drizzle-orm'
import { onTestFinished } from 'vitest'
import { type Db, openDb } from '../../db/client.ts'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import type { VendorReach } from '../../db/gap-tasks/claimable.ts'
import { enqueueTasks, type NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { type SettleRequest, settleTasks } from '../../db/gap-tasks/settle-tasks.ts'
import type { Settlement } from '../../db/gap-tasks/settlement.ts'
import { migrateDb } from '../../db/migrate.ts'
import { compile, type Statement } from '../../db/prepared.ts'
import { dtsOfMask, monthOf } from '../../functions/_market/dt.ts'
import { filledSettlement } from './filled-settlement.ts'

export const DATASET = 'equities_bars'
export const NOW = Date.UTC(2024, 6, 5, 21, 0)

/** A folder that is removed when the test has ended. */
export async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'node-db-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** An empty database of the newest schema; each call is another file, because a closed one is held until it is collected. */
export async function freshDb(): Promise<Db> {
  const db = await openDb(join(await tempFolder(), 'node.db'))
  onTestFinished(() => db.close())
  // A test that loses power has other worries; waiting for the disk would be most of the time of these tests.
  await db.orm.run(sql`PRAGMA synchronous = OFF`)
  await migrateDb(db, 'migrations')
  return db
}

/** A database that dies at its write number `last + 1`. */
export function dyingAfter(db: Db, last: number): Db {
  let writes = 0
  const living = <Terms extends unknown[], Answer>(write: (...terms: Terms) => Promise<Answer>) => {
    return async (...terms: Terms): Promise<Answer> => {
      if (++writes > last) throw new Error('killed')
      return await write(...terms)
    }
  }
  return { ...db, change: living(db.change), write: living(db.write) }
}

/** Every table with all its rows: two snapshots are equal exactly when nothing was written between them. */
export async function snapshot(db: Db): Promise<Record<string, unknown[]>> {
  const rows: Record<string, unknown[]> = {}
  for (const { name } of await db.all<{ name: string }>(
    sql`SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 1) <> '_' AND substr(name, 1, 7) <> 'sqlite_'`,
  )) {
    const found = await db.all<object>(sql`SELECT * FROM ${sql.identifier(name)}`)
    rows[name] = found.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  }
  return rows
}

/** A vendor that may take anything from 1990 to 2024, as one looks that has the time `NOW`. */
export const reachOf = (vendor: string, more: Partial<VendorReach> = {}): VendorReach => ({
  vendor,
  dataset: DATASET,
  fromDt: '1990-01-01',
  toDt: '2024-12-31',
  lane: null,
  now: NOW,
  ...more,
})

export const newTask = (symbol: string, dt: string, more: Partial<NewTask> = {}): NewTask => ({
  symbol,
  dt,
  lane: 'backfill',
  priority: 0,
  expectedRows: 1,
  reason: 'missing',
  nextAt: NOW,
  ...more,
})

export interface TaskRow {
  id: number
  symbol: string
  dt: string
  state: string
  attempts: number
  nextAt: number
  lastOutcome: string | null
}

/** A row for each day of a task. */
export async function tasksIn(db: Db): Promise<TaskRow[]> {
  const tasks = await db.all<TaskRow & { days: number | null }>(
    sql`SELECT id, symbol, dt, days, state, attempts, next_at AS nextAt, last_outcome AS lastOutcome FROM gap_tasks ORDER BY id`,
  )
  return tasks.flatMap(({ days, ...task }) =>
    (days === null ? [task.dt] : dtsOfMask(monthOf(task.dt), days)).map((dt) => ({ ...task, dt })),
  )
}

/** Queues one cell and leases it; answers the task's id. */
export async function claimed(db: Db, symbol: string, dt: string, token: string, vendor = 'alpaca'): Promise<number> {
  await enqueueTasks(db, DATASET, [newTask(symbol, dt)], NOW)
  const open = (await tasksIn(db)).find((task) => task.symbol === symbol && task.dt === dt && task.state === 'queued')
  if (!open) throw new Error(`${symbol} ${dt} is not queued`)
  const taken = await claim(db, [open.id], token, { vendor })
  if (!taken.has(open.id)) throw new Error(`${symbol} ${dt} was not free`)
  return open.id
}

export const claim = (
  db: Db,
  ids: readonly number[],
  token: string,
  more: { vendor?: string; holder?: string; now?: number; leaseExpiresAt?: number } = {},
): Promise<Set<number>> =>
  claimTasks(db, { ids, vendor: 'alpaca', token, holder: 'test', now: NOW, leaseExpiresAt: NOW + 60_000, ...more })

/** A filled cell unless told otherwise. */
export const settlement = (id: number, symbol: string, dt: string, more: Partial<Settlement> = {}): Settlement =>
  filledSettlement({ id, symbol, dt }, NOW, more)

export const NOTHING_THERE = { rows: 0, digest: null, present: 0 } as const

export const settle = (
  db: Db,
  token: string,
  settlements: readonly Settlement[],
  more: Partial<SettleRequest> = {},
): Promise<number> =>
  settleTasks(db, {
    token,
    vendor: 'alpaca',
    dataset: DATASET,
    settlements,
    asOf: NOW,
    now: NOW,
    ...more,
  })

/**
 * The same database, which notes its statements; `plans` answers of each the steps in which SQLite means to carry it out. To be asked last: to
 * libSQL a change that was explained is one still under way, beside which nothing is committed.
 */
export function explaining(db: Db): { db: Db; plans: () => Promise<string[][]> } {
  const noted: Statement[] = []
  const noting = (statements: readonly Statement[]): readonly Statement[] => {
    noted.push(...statements)
    return statements
  }
  return {
    db: {
      ...db,
      all: (statement) => db.all(noting([statement])[0]!),
      write: (statements) => db.write(noting(statements)),
      change: (statements, terms) => db.change(noting(statements), terms),
    },
    plans: async () => {
      const plans: string[][] = []
      for (const statement of noted) {
        const { sql: text, args = [] } = compile(statement) as { sql: string; args?: InValue[] }
        const plan = await db.all<{ detail: string }>({ text: `EXPLAIN QUERY PLAN ${text}`, args })
        plans.push(plan.map(({ detail }) => detail))
      }
      return plans
    },
  }
}
