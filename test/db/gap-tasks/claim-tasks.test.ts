import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { demote } from '../../../db/demotions/demotions.ts'
import type { QueuedTask } from '../../../db/gap-tasks/claimable.ts'
import { countOpenTasks, countTasks } from '../../../db/gap-tasks/count-tasks.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../../db/gap-tasks/find-head.ts'
import { findNeighbours } from '../../../db/gap-tasks/find-neighbours.ts'
import { nextDue } from '../../../db/gap-tasks/next-due.ts'
import { NEVER } from '../filled-settlement.ts'
import {
  claim,
  claimed,
  DATASET,
  freshDb,
  NOTHING_THERE,
  NOW,
  newTask,
  reachOf,
  settle,
  settlement,
  tasksIn,
} from '../temp-db.ts'

const reach = reachOf('alpaca', { fromDt: '2024-01-01' })

const nameOf = (task: QueuedTask | undefined): string | undefined => task && `${task.symbol} ${task.dt}`

test('claim tasks: a cell that is queued already keeps the task it has', async () => {
  const db = await freshDb()
  const cells = [newTask('AAPL', '2024-07-01'), newTask('MSFT', '2024-07-01')]
  expect(await enqueueTasks(db, DATASET, cells, NOW)).toBe(2)
  const before = await tasksIn(db)
  expect(await enqueueTasks(db, DATASET, [...cells, newTask('AAPL', '2024-07-02')], NOW + 1)).toBe(1)
  expect((await tasksIn(db)).slice(0, 2)).toEqual(before)
  expect(await enqueueTasks(db, 'equities_bars_minute', cells, NOW)).toBe(2)
  expect(await enqueueTasks(db, DATASET, [], NOW)).toBe(0)
  expect(await countOpenTasks(db)).toBe(5)
})

test('claim tasks: a cell twice in one list is one task', async () => {
  const db = await freshDb()
  expect(await enqueueTasks(db, DATASET, [newTask('A', '2024-07-01'), newTask('A', '2024-07-01')], NOW)).toBe(1)
})

test.each(['leased', 'stalled'] as const)('claim tasks: a cell whose task is %s gets no second one', async (state) => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', '2024-07-01', 't1')
  if (state === 'stalled') {
    await settle(db, 't1', [settlement(id, 'AAPL', '2024-07-01', { ...NOTHING_THERE, outcome: 'malformed', state })])
  }
  expect(await enqueueTasks(db, DATASET, [newTask('AAPL', '2024-07-01')], NOW)).toBe(0)
})

test('claim tasks: a cell whose task is done may be queued again', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', '2024-07-01', 't1')
  await settle(db, 't1', [settlement(id, 'AAPL', '2024-07-01')])
  expect(await enqueueTasks(db, DATASET, [newTask('AAPL', '2024-07-01', { reason: 'manual' })], NOW)).toBe(1)
  expect(await countTasks(db)).toEqual([
    { dataset: DATASET, state: 'done', lastOutcome: 'filled', tasks: 1 },
    { dataset: DATASET, state: 'queued', lastOutcome: null, tasks: 1 },
  ])
})

test('claim tasks: a hundred claimers at once get each task exactly once', async () => {
  const db = await freshDb()
  const symbols = Array.from({ length: 300 }, (_, i) => `S${i}`)
  const cells = symbols.map((symbol) => newTask(symbol, '2024-07-01'))
  await enqueueTasks(db, DATASET, cells, NOW)
  const ids = (await tasksIn(db)).map(({ id }) => id)
  // Every claimer wants 30 tasks, overlapping those of its neighbours.
  const taken = await Promise.all(
    Array.from({ length: 100 }, (_, i) => {
      const wanted = Array.from({ length: 30 }, (_, k) => ids[(i * 3 + k) % ids.length] as number)
      return claim(db, wanted, `token ${i}`)
    }),
  )
  const all = taken.flatMap((set) => [...set])
  expect(all.sort((a, b) => a - b)).toEqual(ids)
  expect((await tasksIn(db)).every((task) => task.state === 'leased' && task.attempts === 1)).toBe(true)
  const wrong = await db.all(sql`SELECT id FROM gap_tasks WHERE lease NOT IN (SELECT id FROM leases)`)
  expect(wrong).toEqual([])
})

test('claim tasks: a claim takes what is still free and leaves the rest alone', async () => {
  const db = await freshDb()
  const taken = await claimed(db, 'AAPL', '2024-07-01', 't1')
  await enqueueTasks(db, DATASET, [newTask('MSFT', '2024-07-01')], NOW)
  const free = (await tasksIn(db)).find((task) => task.symbol === 'MSFT')?.id as number
  expect(await claim(db, [taken, free, 999], 't2')).toEqual(new Set([free]))
  expect(await claim(db, [taken, free], 't3')).toEqual(new Set())
  expect(await db.all(sql`SELECT t.id, l.token FROM gap_tasks t JOIN leases l ON l.id = t.lease ORDER BY 1`)).toEqual([
    { id: taken, token: 't1' },
    { id: free, token: 't2' },
  ])
})

test.each(['done', 'stalled'] as const)('claim tasks: a task that is %s cannot be claimed', async (state) => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', '2024-07-01', 't1')
  await settle(db, 't1', [settlement(id, 'AAPL', '2024-07-01', { state })])
  expect(await claim(db, [id], 't2')).toEqual(new Set())
  expect((await tasksIn(db))[0]).toMatchObject({ state, attempts: 1 })
})

test('claim tasks: the queue hands out lane today first, then priority, then the oldest day, then first come', async () => {
  const db = await freshDb()
  const order = [
    newTask('T2', '2024-07-03', { lane: 'today', priority: 9 }),
    newTask('T1', '2024-07-02', { lane: 'today', priority: 1 }),
    newTask('B1', '2024-07-02', { priority: 5 }),
    newTask('B2', '2024-06-28'),
    newTask('Z', '2024-07-01'),
    newTask('A', '2024-07-01'),
  ]
  // Z before A of the same day, because it came first; everything else queued in the opposite order.
  await enqueueTasks(db, DATASET, order.slice(4), NOW)
  await enqueueTasks(db, DATASET, order.slice(0, 4).reverse(), NOW)
  const served: (string | undefined)[] = []
  for (let i = 0; i < order.length; i++) {
    const head = await findHead(db, reach)
    served.push(head?.symbol)
    await claim(db, [head?.id ?? -1], `token ${i}`)
  }
  expect(served).toEqual(order.map(({ symbol }) => symbol))
  expect(await findHead(db, reach)).toBeUndefined()
})

test('claim tasks: a vendor is offered only days within its reach, its lane, and tasks whose time has come', async () => {
  const db = await freshDb()
  await enqueueTasks(
    db,
    DATASET,
    [
      newTask('A', '2023-12-29'),
      newTask('B', '2024-01-02', { nextAt: NOW + 1 }),
      newTask('C', '2024-01-02'),
      newTask('D', '2025-01-02'),
      newTask('E', '2024-12-31', { lane: 'today' }),
    ],
    NOW,
  )
  expect(nameOf(await findHead(db, reach))).toBe('E 2024-12-31')
  expect(nameOf(await findHead(db, { ...reach, lane: 'backfill' }))).toBe('C 2024-01-02')
  expect(nameOf(await findHead(db, { ...reach, lane: 'backfill', now: NOW + 1 }))).toBe('B 2024-01-02')
  expect(await findHead(db, { ...reach, lane: 'backfill', toDt: '2024-01-01' })).toBeUndefined()
  expect(await findHead(db, { ...reach, dataset: 'macro_treasury' })).toBeUndefined()
})

test('claim tasks: a vendor is not offered a cell again before its time, others are', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', '2024-07-01', 't1')
  const later = settlement(id, 'AAPL', '2024-07-01', {
    ...NOTHING_THERE,
    outcome: 'empty',
    state: 'queued',
    askAgainAt: NOW + 1_000,
  })
  await settle(db, 't1', [later])
  expect(await findHead(db, reach)).toBeUndefined()
  expect(nameOf(await findHead(db, { ...reach, vendor: 'massive' }))).toBe('AAPL 2024-07-01')
  expect(await findHead(db, { ...reach, now: NOW + 999 })).toBeUndefined()
  expect(nameOf(await findHead(db, { ...reach, now: NOW + 1_000 }))).toBe('AAPL 2024-07-01')
})

test('claim tasks: a demotion closes its scope to its vendor until it expires', async () => {
  const db = await freshDb()
  const cells = ['2024-07-01', '2024-07-02', '2024-07-03'].flatMap((dt) => [newTask('AAPL', dt), newTask('MSFT', dt)])
  await enqueueTasks(db, DATASET, cells, NOW)
  const refusal = { vendor: 'alpaca', dataset: DATASET, outcome: 'before_history', until: NOW + 1_000 }
  await demote(db, [{ ...refusal, symbol: 'AAPL', fromDt: '0000-01-01', toDt: '2024-07-01' }])
  expect(nameOf(await findHead(db, reach))).toBe('MSFT 2024-07-01')
  await demote(db, [{ ...refusal, symbol: '*', fromDt: '0000-01-01', toDt: '2024-07-02' }])
  expect(nameOf(await findHead(db, reach))).toBe('AAPL 2024-07-03')
  expect(nameOf(await findHead(db, { ...reach, vendor: 'massive' }))).toBe('AAPL 2024-07-01')
  expect(nameOf(await findHead(db, { ...reach, now: NOW + 1_000 }))).toBe('AAPL 2024-07-01')
})

test('claim tasks: neighbours are the other claimable tasks, by day and symbol', async () => {
  const db = await freshDb()
  await enqueueTasks(
    db,
    DATASET,
    [newTask('C', '2024-07-02'), newTask('B', '2024-07-02'), newTask('A', '2024-07-01'), newTask('X', '2020-01-02')],
    NOW,
  )
  const head = (await findHead(db, reach)) as QueuedTask
  expect(head).toEqual({
    id: head.id,
    symbol: 'A',
    dt: '2024-07-01',
    days: null,
    lane: 'backfill',
    priority: 0,
    expectedRows: 1,
    reason: 'missing',
    attempts: 0,
  })
  expect((await findNeighbours(db, reach, head, 10)).tasks.map(nameOf)).toEqual(['B 2024-07-02', 'C 2024-07-02'])
})

test('claim tasks: the queue says when it next has work: the first waiting task or lapsing lease', async () => {
  const db = await freshDb()
  expect(await nextDue(db, null, NOW)).toBeNull()
  await enqueueTasks(db, DATASET, [newTask('A', '2024-07-01', { nextAt: NOW + 500 })], NOW)
  expect(await nextDue(db, null, NOW)).toBe(NOW + 500)
  expect(await nextDue(db, 'today', NOW)).toBeNull()
  await claimed(db, 'B', '2024-07-01', 't1')
  expect(await nextDue(db, null, NOW + 500)).toBe(NOW + 60_000)
})

test('claim tasks: the queue waits for the end of a refusal that keeps everything waiting', async () => {
  const db = await freshDb()
  const refusal = { vendor: 'alpaca', dataset: DATASET, symbol: '*', outcome: 'not_entitled', until: NOW + 3_600_000 }
  await demote(db, [{ ...refusal, fromDt: '0000-01-01', toDt: '9999-12-31' }])
  expect(await nextDue(db, null, NOW)).toBeNull()
  await enqueueTasks(db, DATASET, [newTask('A', '2024-07-01')], NOW)
  expect(await nextDue(db, null, NOW)).toBe(NOW + 3_600_000)
  expect(await nextDue(db, 'today', NOW)).toBeNull()
  expect(await nextDue(db, null, NOW + 3_600_000)).toBeNull()
})

test.each([
  ['a lane there is not', sql`UPDATE gap_tasks SET lane = 'tomorrow'`],
  ['a state there is not', sql`UPDATE gap_tasks SET state = 'lost'`],
  ['negative attempts', sql`UPDATE gap_tasks SET attempts = -1`],
  [
    'a second open task of a cell',
    sql`INSERT INTO gap_tasks SELECT 99, dataset, symbol, dt, lane, priority, expected_rows, reason, 'stalled', 0, 0, NULL, 0, 0, NULL, 0, '', NULL, NULL, NULL, NULL, 1 FROM gap_tasks`,
  ],
  ['a task that is leased to nobody', sql`UPDATE gap_tasks SET lease = NULL`],
  ['a free task under a lease', sql`UPDATE gap_tasks SET state = 'queued'`],
  ['a task that is done and has no time of its ending', sql`UPDATE gap_tasks SET state = 'done', lease = NULL`],
  ['an open task with a time of its ending', sql`UPDATE gap_tasks SET done_at = 1`],
  ['a single day that counts for two', sql`UPDATE gap_tasks SET cells = 2`],
  ['several days without the first', sql`UPDATE gap_tasks SET days = 6, cells = 2`],
])('claim tasks: the database refuses %s', async (_what, statement) => {
  const db = await freshDb()
  await claimed(db, 'AAPL', '2024-07-01', 't1')
  await expect(db.write([statement])).rejects.toThrow(/constraint/i)
})

test('claim tasks: a waiting time beyond every calendar survives the way through the database', async () => {
  const db = await freshDb()
  await enqueueTasks(db, DATASET, [newTask('A', '2024-07-01', { nextAt: NEVER })], NOW)
  expect((await tasksIn(db))[0]?.nextAt).toBe(NEVER)
})
