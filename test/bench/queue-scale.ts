/** The queue at one size, through the verbs a dispatch uses: `queue-scale FILE TASKS` prints what it measured as JSON. */
import { sql } from 'drizzle-orm'
import { type Db, openDb } from '../../db/client.ts'
import { demote } from '../../db/demotions/demotions.ts'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import type { QueuedTask, VendorReach } from '../../db/gap-tasks/claimable.ts'
import { enqueueTasks, type NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { findNeighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { nextDue } from '../../db/gap-tasks/next-due.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { settleTasks } from '../../db/gap-tasks/settle-tasks.ts'
import { migrateDb } from '../../db/migrate.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import { filledSettlement } from '../db/filled-settlement.ts'
import { timed, watchLoop } from './watch.ts'

/** Milliseconds of claims under one circumstance: half of them within, and all but one in a hundred. */
export interface ClaimTimes {
  p50: number
  p99: number
}

export interface Measured {
  enqueuedPerSecond: number
  pairsPerSecond: number
  /** Two transactions of one row each, as often as that. */
  barePairsPerSecond: number
  batchedPerSecond: number
  /** The same rows changed twice, in two transactions, by nothing but `json_each`. */
  bareBatchedPerSecond: number
  claims: Record<string, ClaimTimes>
  nextDueMs: number
  blockedMs: number
  rssMb: number
  databaseMb: number
}

const DATASET = 'equities_bars'
const DEAD = 'options_bars'
const NOW = Date.UTC(2025, 6, 8, 22)
const HOUR = 3_600_000
const MAX_ATTEMPTS = 12
const TASKS_PER_WRITE = 4_000
const PAIRS = 2_000
/** Cells of one call, as a page of 10,000 daily bars has them. */
const CALL = 10_000
const CALLS = 5
const CLAIMS = 300
const SNOOZED = 250_000

const sessions = calendarOf('xnys').sessions('1999-07-08', '2025-07-08')
let tokens = 0

const reach: VendorReach = {
  vendor: 'alpaca',
  dataset: DATASET,
  fromDt: '1990-01-01',
  toDt: '2025-12-31',
  lane: null,
  now: NOW,
}

async function main([file = '', size = '']: string[]): Promise<void> {
  const tasks = Number(size)
  const db = await openDb(file)
  await migrateDb(db, 'migrations')
  const loop = watchLoop()
  const [, enqueueMs] = await timed(() => enqueue(db, DATASET, tasks))
  const claims: Measured['claims'] = {}
  const [, pairsMs] = await timed(async () => {
    claims['nothing in the way'] = await claimTimes(db, PAIRS, reach)
  })
  const barePairsMs = await barePairs(db)
  const [batched, batchedMs] = await timed(() => callsOf(db))
  const bareBatchedMs = await bareBatches(db, batched)
  for (const [name, arrange] of Object.entries(AWKWARD)) {
    const looking = await arrange(db, tasks)
    claims[name] = await claimTimes(db, CLAIMS, { ...reach, ...looking })
  }
  const [, nextDueMs] = await timed(() => nextDue(db, null, NOW))
  const [size_] = await db.all<{ bytes: number }>(
    sql`SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()`,
  )
  const measured: Measured = {
    enqueuedPerSecond: (tasks / enqueueMs) * 1_000,
    pairsPerSecond: (PAIRS / pairsMs) * 1_000,
    barePairsPerSecond: (PAIRS / barePairsMs) * 1_000,
    batchedPerSecond: (batched / batchedMs) * 1_000,
    bareBatchedPerSecond: (batched / bareBatchedMs) * 1_000,
    claims,
    nextDueMs,
    blockedMs: loop.stop(),
    rssMb: process.resourceUsage().maxRSS / 1_024,
    databaseMb: (size_?.bytes ?? 0) / 2 ** 20,
  }
  process.stdout.write(`${JSON.stringify(measured)}\n`)
  db.close()
}

/** Oldest day first, every symbol of a day, as an audit finds them. */
async function enqueue(
  db: Db,
  dataset: string,
  count: number,
  more: Partial<NewTask> = {},
  prefix = 'S',
): Promise<void> {
  const symbols = Math.ceil(count / sessions.length)
  const cellOf = (at: number): NewTask => ({
    symbol: `${prefix}${String(at % symbols).padStart(4, '0')}`,
    dt: sessions[Math.floor(at / symbols)]!,
    lane: 'backfill',
    priority: 0,
    expectedRows: 1,
    reason: 'missing',
    nextAt: NOW,
    ...more,
  })
  for (let at = 0; at < count; at += TASKS_PER_WRITE) {
    const part = Math.min(TASKS_PER_WRITE, count - at)
    await enqueueTasks(
      db,
      dataset,
      Array.from({ length: part }, (_, k) => cellOf(at + k)),
      NOW,
    )
  }
}

/** The steps of a claim, each time: lapsed leases, the head, its lease. What was claimed is settled outside the time that is taken. */
async function claimTimes(db: Db, times: number, looking: VendorReach): Promise<ClaimTimes> {
  const took: number[] = []
  for (let i = 0; i < times; i++) {
    const [claimed, ms] = await timed(async () => {
      await reapLeases(db, MAX_ATTEMPTS, NOW)
      const head = await findHead(db, looking)
      return head && { head, token: await claim(db, [head]) }
    })
    took.push(ms)
    if (claimed) await settle(db, claimed.token, [claimed.head])
  }
  took.sort((a, b) => a - b)
  return { p50: took[Math.floor(times * 0.5)]!, p99: took[Math.floor(times * 0.99)]! }
}

async function claim(db: Db, tasks: readonly QueuedTask[]): Promise<string> {
  const token = `token ${++tokens}`
  const ids = tasks.map(({ id }) => id)
  const taken = await claimTasks(db, {
    ids,
    vendor: 'alpaca',
    token,
    holder: 'bench',
    now: NOW,
    leaseExpiresAt: NOW + HOUR,
  })
  if (taken.size !== ids.length) throw new Error(`expected ${ids.length} free tasks, got ${taken.size}`)
  return token
}

async function settle(db: Db, token: string, tasks: readonly QueuedTask[]): Promise<void> {
  const settlements = tasks.map((task) => filledSettlement(task, NOW, { digest: digestOf(task) }))
  const settled = await settleTasks(db, {
    token,
    vendor: 'alpaca',
    dataset: DATASET,
    settlements,
    asOf: NOW,
    now: NOW,
  })
  if (settled !== tasks.length) throw new Error(`expected to settle ${tasks.length} tasks, did ${settled}`)
}

/** As long as a real one. */
const digestOf = ({ symbol, dt }: QueuedTask): string => `${symbol} ${dt}`.padEnd(64, '0')

/** Whole calls: the head, what rides along, the lease of all, the settlement of all. Returns how many tasks that were. */
async function callsOf(db: Db): Promise<number> {
  let done = 0
  for (let call = 0; call < CALLS; call++) {
    await reapLeases(db, MAX_ATTEMPTS, NOW)
    const head = await findHead(db, reach)
    if (!head) break
    const riding = [head, ...(await findNeighbours(db, reach, head, CALL - 1)).tasks].slice(0, CALL)
    await settle(db, await claim(db, riding), riding)
    done += riding.length
  }
  return done
}

async function barePairs(db: Db): Promise<number> {
  await db.write([sql`CREATE TABLE bare (id INTEGER PRIMARY KEY, token TEXT, state TEXT)`])
  const [, ms] = await timed(async () => {
    for (let id = 1; id <= PAIRS; id++) {
      await db.write([sql`INSERT INTO bare VALUES (${id}, 'token', 'leased')`])
      await db.write([sql`UPDATE bare SET state = 'done' WHERE id = ${id}`])
    }
  })
  return ms
}

async function bareBatches(db: Db, rows: number): Promise<number> {
  const perCall = Math.ceil(rows / CALLS)
  const calls = Array.from({ length: CALLS }, (_, call) =>
    JSON.stringify(Array.from({ length: perCall }, (_, k) => 1_000_000 + call * perCall + k)),
  )
  for (const ids of calls)
    await db.write([sql`INSERT INTO bare SELECT value, 'token', 'queued' FROM json_each(${ids})`])
  const [, ms] = await timed(async () => {
    for (const ids of calls) {
      for (const state of ['leased', 'done']) {
        await db.write([sql`UPDATE bare SET state = ${state} WHERE id IN (SELECT value FROM json_each(${ids}))`])
      }
    }
  })
  return ms
}

/** What makes a head hard to find; each answers how to look for it. What one leaves in the way stays in the way of the next. */
const AWKWARD: Record<string, (db: Db, tasks: number) => Promise<Partial<VendorReach>>> = {
  async 'the first nine tenths of the days beyond its history'() {
    return { fromDt: sessions[Math.floor(sessions.length * 0.9)]! }
  },
  async 'the first nine tenths of the days refused'(db) {
    const days = { fromDt: '0000-01-01', toDt: sessions[Math.floor(sessions.length * 0.9)]! }
    await demote(db, [
      { vendor: 'fred', dataset: DATASET, symbol: '*', outcome: 'before_history', until: NOW + HOUR, ...days },
    ])
    return { vendor: 'fred' }
  },
  async 'tasks that wait before it'(db, tasks) {
    await enqueue(db, DATASET, Math.min(SNOOZED, tasks), { priority: 5, nextAt: NOW + HOUR }, 'W')
    return {}
  },
  async 'a hot symbol it has been asked for'(db) {
    const hot = sessions.map(
      (dt): NewTask => ({
        symbol: 'HOT',
        dt,
        lane: 'backfill',
        priority: 9,
        expectedRows: 1,
        reason: 'manual',
        nextAt: NOW,
      }),
    )
    await enqueueTasks(db, DATASET, hot, NOW)
    await db.write([
      sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, at, ask_again_at)
          SELECT ${DATASET}, 'HOT', dt, 'alpaca', 1, 'empty', 0, ${NOW}, ${NOW + HOUR} FROM gap_tasks WHERE symbol = 'HOT'`,
    ])
    return {}
  },
  async 'a dead dataset beside it'(db, tasks) {
    await enqueue(db, DEAD, Math.min(100_000, tasks), { priority: 9 })
    return {}
  },
  async 'tasks of today arriving while a backfill waits'(db) {
    await enqueue(db, DATASET, 1_000, { lane: 'today' }, 'T')
    return {}
  },
}

await main(process.argv.slice(2))
