import { sql } from 'drizzle-orm'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Db } from '../../../db/client.ts'
import { demote } from '../../../db/demotions/demotions.ts'
import { claimableBy, type VendorReach } from '../../../db/gap-tasks/claimable.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../../db/gap-tasks/find-head.ts'
import { nextDue } from '../../../db/gap-tasks/next-due.ts'
import {
  claim,
  DATASET,
  explaining,
  freshDb,
  NOTHING_THERE,
  NOW,
  newTask,
  reachOf,
  settle,
  settlement,
  tasksIn,
} from '../temp-db.ts'

const VENDORS = ['alpaca', 'fred', 'massive']
const DTS = Array.from({ length: 8 }, (_, i) => `2024-07-0${i + 1}`)

/** The head as its definition says it, by reading the whole queue. */
async function headByDefinition(db: Db, reach: VendorReach): Promise<number | undefined> {
  const [head] = await db.all<{ id: number }>(
    sql`SELECT t.id ${claimableBy(reach)} ORDER BY t.lane DESC, t.priority DESC, t.sort_key, t.id LIMIT 1`,
  )
  return head?.id
}

const dt = fc.constantFrom(...DTS)
const vendor = fc.constantFrom(...VENDORS)
const until = fc.constantFrom(NOW - 1, NOW + 5, NOW + 50)
const anyQueue = fc.record({
  tasks: fc.array(
    fc.record({
      symbol: fc.constantFrom('A', 'B', 'C', 'D'),
      dt,
      lane: fc.constantFrom('backfill' as const, 'backfill' as const, 'today' as const),
      priority: fc.constantFrom(0, 0, 0, 1),
      nextAt: fc.constantFrom(NOW - 1, NOW, NOW + 5),
      vendor: fc.option(vendor, { nil: undefined }),
      newestFirst: fc.constantFrom(false, false, true),
    }),
    { minLength: 5, maxLength: 30 },
  ),
  /** What vendors answered for tasks: they wait, or others are to be asked; some end and are queued anew. */
  answers: fc.array(
    fc.record({ task: fc.nat({ max: 29 }), vendor, askAgainAt: until, nextAt: until, isEnd: fc.boolean() }),
    {
      maxLength: 30,
    },
  ),
  refusals: fc.array(
    fc.record({
      vendor,
      symbol: fc.constantFrom('*', 'A', 'B'),
      days: fc.tuple(dt, dt),
      until,
      outcome: fc.constantFrom('x', 'y'),
    }),
    { maxLength: 4 },
  ),
  looks: fc.array(
    fc.record({
      vendor,
      lane: fc.constantFrom(null, 'today' as const, 'backfill' as const),
      days: fc.tuple(dt, dt),
      later: fc.constantFrom(0, 5, 50),
    }),
    { minLength: 1, maxLength: 6 },
  ),
})

test('find head: the head is the first free task of the queue, whatever stands before it and however short the scan', async () => {
  const db = await freshDb()
  await fc.assert(
    fc.asyncProperty(anyQueue, async ({ tasks, answers, refusals, looks }) => {
      await db.write(
        ['leases', 'gap_tasks', 'attempts', 'demotions'].map((table) => sql`DELETE FROM ${sql.identifier(table)}`),
      )
      for (const { symbol, dt, vendor, ...more } of tasks) {
        await enqueueTasks(db, DATASET, [newTask(symbol, dt, { ...more, ...(vendor ? { vendor } : {}) })], NOW)
      }
      const queued = await tasksIn(db)
      for (const [i, { task, vendor, askAgainAt, nextAt, isEnd }] of answers.entries()) {
        const one = queued[task % queued.length]!
        await claim(db, [one.id], `t${i}`, { vendor })
        const state = isEnd ? 'done' : 'queued'
        const waits = { ...NOTHING_THERE, outcome: 'empty', state, askAgainAt, nextAt } as const
        await settle(db, `t${i}`, [settlement(one.id, one.symbol, one.dt, waits)], { vendor })
        if (isEnd) await enqueueTasks(db, DATASET, [newTask(one.symbol, one.dt)], NOW)
      }
      await demote(
        db,
        refusals.map(({ days, ...refusal }) => {
          const [fromDt, toDt] = [...days].sort() as [string, string]
          return { ...refusal, dataset: DATASET, fromDt, toDt }
        }),
      )
      let now = NOW
      for (const { vendor, lane, days, later } of looks) {
        now += later
        const [fromDt, toDt] = [...days].sort() as [string, string]
        const reach = reachOf(vendor, { lane, fromDt, toDt, now })
        expect((await findHead(db, reach, 0))?.id).toBe(await headByDefinition(db, reach))
      }
    }),
    { numRuns: 150 },
  )
})

/** As many cells of one symbol and days, each later than the one before. */
const daysOf = (symbol: string, count: number, more: Parameters<typeof newTask>[2] = {}) =>
  Array.from({ length: count }, (_, i) =>
    newTask(symbol, new Date(Date.UTC(2024, 0, 1 + i)).toISOString().slice(0, 10), more),
  )

/** How many tasks are in each bucket. */
const bucketsOf = async (db: Db): Promise<Record<string, number>> =>
  Object.fromEntries(
    (
      await db.all<{ c: string; n: number }>(
        sql`SELECT blocked_for AS c, count(*) AS n FROM gap_tasks GROUP BY 1 ORDER BY 1`,
      )
    ).map(({ c, n }) => [c, n]),
  )

test('find head: a task that one vendor has answered is in a bucket that this vendor skips and others search', async () => {
  const db = await freshDb()
  await enqueueTasks(db, DATASET, daysOf('A', 100), NOW)
  await enqueueTasks(db, DATASET, [newTask('B', '2024-12-01')], NOW)
  const asked = (await tasksIn(db)).slice(0, 100)
  await claim(
    db,
    asked.map(({ id }) => id),
    't1',
  )
  const empty = { ...NOTHING_THERE, outcome: 'empty', state: 'queued', askAgainAt: NOW + 1_000 } as const
  await settle(
    db,
    't1',
    asked.map(({ id, symbol, dt }) => settlement(id, symbol, dt, empty)),
  )
  expect(await bucketsOf(db)).toEqual({ '': 1, alpaca: 100 })
  expect(await findHead(db, reachOf('alpaca'))).toMatchObject({ symbol: 'B' })
  expect(await findHead(db, reachOf('massive'))).toMatchObject({ symbol: 'A', dt: '2024-01-01' })
  // When the vendor may be asked again, it is; in the order of the queue.
  expect(await findHead(db, reachOf('alpaca', { now: NOW + 1_000 }))).toMatchObject({ symbol: 'A', dt: '2024-01-01' })
  expect(await bucketsOf(db)).toEqual({ '': 101 })
})

test('find head: tasks queued again of which a vendor has spoken already are put aside where it meets them', async () => {
  const db = await freshDb()
  for (const { symbol, dt } of daysOf('A', 20)) {
    await enqueueTasks(db, DATASET, [newTask(symbol, dt)], NOW)
    const id = (await tasksIn(db)).at(-1)!.id
    await claim(db, [id], dt)
    await settle(db, dt, [settlement(id, symbol, dt, { ...NOTHING_THERE, outcome: 'empty', askAgainAt: NOW + 9 })])
  }
  await enqueueTasks(db, DATASET, [...daysOf('A', 20), newTask('B', '2024-12-01')], NOW)
  expect(await findHead(db, reachOf('alpaca'), 0)).toMatchObject({ symbol: 'B' })
  expect(await findHead(db, reachOf('massive'), 0)).toMatchObject({ symbol: 'A', dt: '2024-01-01' })
  expect(await findHead(db, reachOf('alpaca', { now: NOW + 9 }), 0)).toMatchObject({ symbol: 'A', dt: '2024-01-01' })
})

test('find head: a few tasks that wait for their next request say when, however small their bucket', async () => {
  const db = await freshDb()
  const cells = ['A', 'B', 'C'].map((symbol) => newTask(symbol, '2024-07-01'))
  await db.write(
    cells.map(
      ({ symbol }) => sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, at, ask_again_at)
        VALUES (${DATASET}, ${symbol}, '2024-07-01', 'alpaca', 1, 'empty', 0, ${NOW}, ${NOW + 5_000})`,
    ),
  )
  await enqueueTasks(db, DATASET, cells, NOW)
  expect(await findHead(db, reachOf('alpaca'))).toBeUndefined()
  expect(await nextDue(db, null, NOW)).toBe(NOW + 5_000)
  expect(await findHead(db, reachOf('massive'))).toMatchObject({ symbol: 'A' })
  expect(await findHead(db, reachOf('alpaca', { now: NOW + 5_000 }))).toMatchObject({ symbol: 'A' })
})

test('find head: symbols a vendor will not serve are put aside where it meets them, and only for it', async () => {
  const db = await freshDb()
  await enqueueTasks(db, DATASET, [...daysOf('A', 60), newTask('B', '2024-12-01')], NOW)
  const whole = { fromDt: '0000-01-01', toDt: '9999-12-31' }
  await demote(db, [
    { vendor: 'alpaca', dataset: DATASET, symbol: 'A', outcome: 'not_entitled', until: NOW + 1_000, ...whole },
  ])
  expect(await findHead(db, reachOf('alpaca'), 10)).toMatchObject({ symbol: 'B' })
  // The last ten were within the scan that found the head.
  expect(await bucketsOf(db)).toEqual({ '': 6, alpaca: 55 })
  expect(await nextDue(db, null, NOW)).toBe(NOW + 1_000)
  expect(await findHead(db, reachOf('massive'), 10)).toMatchObject({ symbol: 'A', dt: '2024-01-01' })
})

test('find head: tasks that wait are no part of the scan, and come back in their place when their time has come', async () => {
  const db = await freshDb()
  await enqueueTasks(db, DATASET, daysOf('A', 60, { nextAt: NOW + 9 }), NOW)
  await enqueueTasks(
    db,
    DATASET,
    [newTask('B', '2024-12-01'), newTask('C', '2024-12-01', { lane: 'today', nextAt: NOW + 9 })],
    NOW,
  )
  expect(await bucketsOf(db)).toEqual({ '': 1, '*': 61 })
  expect(await findHead(db, reachOf('alpaca'))).toMatchObject({ symbol: 'B' })
  expect(await nextDue(db, null, NOW)).toBe(NOW + 9)
  expect(await findHead(db, reachOf('alpaca', { now: NOW + 9 }))).toMatchObject({ symbol: 'C' })
  expect(await findHead(db, reachOf('alpaca', { now: NOW + 9, lane: 'backfill' }))).toMatchObject({ symbol: 'A' })
})

test('find head: a task for one vendor alone is passed by all others', async () => {
  const db = await freshDb()
  await enqueueTasks(
    db,
    DATASET,
    [newTask('A', '2024-07-01', { vendor: 'massive', reason: 're_read' }), newTask('B', '2024-07-02')],
    NOW,
  )
  expect(await findHead(db, reachOf('alpaca'))).toMatchObject({ symbol: 'B' })
  expect(await findHead(db, reachOf('massive'))).toMatchObject({ symbol: 'A' })
})

test('find head: the head of a queue is found through its index alone, and with one statement where nothing stands in the way', async () => {
  const db = await freshDb()
  const { db: spying, plans } = explaining(db)
  await enqueueTasks(db, DATASET, daysOf('A', 3), NOW)
  expect(await findHead(spying, reachOf('alpaca'))).toMatchObject({ dt: '2024-01-01' })
  expect(await plans()).toHaveLength(1)
  // What is before the vendor's history makes it scan.
  expect(await findHead(spying, reachOf('alpaca', { fromDt: '2024-01-02' }))).toMatchObject({ dt: '2024-01-02' })
  const steps = (await plans()).flat()
  expect(steps.filter((step) => /^SCAN (t|gap_tasks)\b/.test(step))).toEqual([])
  expect(steps.filter((step) => /TEMP B-TREE/.test(step))).toEqual([])
  expect(steps.join()).toMatch(/gap_tasks_unblock/)
})
