import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { listAbsences } from '../../../db/absences/absences.ts'
import type { Db } from '../../../db/client.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../../db/gap-tasks/find-head.ts'
import { reapLeases } from '../../../db/gap-tasks/reap-leases.ts'
import { type RedriveFilter, redriveTasks } from '../../../db/gap-tasks/redrive-tasks.ts'
import { releaseHolder, releaseLease } from '../../../db/leases/release-leases.ts'
import { renewLease } from '../../../db/leases/renew-lease.ts'
import {
  claim,
  claimed,
  DATASET,
  freshDb,
  NOTHING_THERE,
  NOW,
  newTask,
  settle,
  settlement,
  snapshot,
  tasksIn,
} from '../temp-db.ts'

const DT = '2024-07-03'
const WEEK = 7 * 86_400_000
const GIVEN_UP = { ...NOTHING_THERE, outcome: 'malformed', absence: 'GIVEN_UP', state: 'stalled' } as const

/** Stalled tasks of these cells, each refused by its one vendor for a week. */
async function stalled(db: Db, ...cells: [symbol: string, dt: string][]): Promise<void> {
  for (const [symbol, dt] of cells) {
    const id = await claimed(db, symbol, dt, `${symbol} ${dt}`)
    await settle(db, `${symbol} ${dt}`, [settlement(id, symbol, dt, { ...GIVEN_UP, askAgainAt: NOW + WEEK })])
  }
}

const reach = { vendor: 'alpaca', dataset: DATASET, fromDt: '2024-01-01', toDt: '2024-12-31', lane: null } as const

test('redrive tasks: a redriven task has all its attempts again, and may be taken at once by the vendor that had failed', async () => {
  const db = await freshDb()
  await stalled(db, ['AAPL', DT])
  expect(await findHead(db, { ...reach, now: NOW + 1 })).toBeUndefined()
  expect(await redriveTasks(db, {}, NOW + 1)).toEqual({ redriven: 1, more: false })
  expect(await tasksIn(db)).toMatchObject([{ state: 'queued', attempts: 0, nextAt: NOW + 1, lastOutcome: 'redriven' }])
  expect(await findHead(db, { ...reach, now: NOW + 1 })).toMatchObject({ symbol: 'AAPL', dt: DT })
  expect(await listAbsences(db, DATASET, DT, DT)).toEqual([])
  expect((await snapshot(db)).attempts).toMatchObject([{ count: 1, outcome: 'malformed' }])
})

test('redrive tasks: redriving twice changes nothing the second time', async () => {
  const db = await freshDb()
  await stalled(db, ['AAPL', DT])
  await redriveTasks(db, {}, NOW + 1)
  const before = await snapshot(db)
  expect(await redriveTasks(db, {}, NOW + 2)).toEqual({ redriven: 0, more: false })
  expect(await snapshot(db)).toEqual(before)
})

test.each<[string, RedriveFilter, string[]]>([
  ['everything', {}, ['AAPL 2024-07-01', 'AAPL 2024-07-02', 'MSFT 2024-07-01', 'MSFT 2024-07-03']],
  ['another dataset', { dataset: 'macro_treasury' }, []],
  ['a symbol', { dataset: DATASET, symbols: ['MSFT', 'NONE'] }, ['MSFT 2024-07-01', 'MSFT 2024-07-03']],
  ['a range', { fromDt: '2024-07-02', toDt: '2024-07-02' }, ['AAPL 2024-07-02']],
  ['days from', { fromDt: '2024-07-02' }, ['AAPL 2024-07-02', 'MSFT 2024-07-03']],
  ['ids', { ids: [1, 4, 99] }, ['AAPL 2024-07-01', 'MSFT 2024-07-03']],
  ['all of these at once', { symbols: ['AAPL'], toDt: '2024-07-01', ids: [1, 2, 3] }, ['AAPL 2024-07-01']],
])('redrive tasks: redriving takes what the filter names and no more: %s', async (_what, filter, expected) => {
  const db = await freshDb()
  await stalled(db, ['AAPL', '2024-07-01'], ['AAPL', '2024-07-02'], ['MSFT', '2024-07-01'], ['MSFT', '2024-07-03'])
  expect((await redriveTasks(db, filter, NOW)).redriven).toBe(expected.length)
  const queued = (await tasksIn(db)).filter(({ state }) => state === 'queued')
  expect(queued.map(({ symbol, dt }) => `${symbol} ${dt}`).sort()).toEqual(expected)
  const absent = await listAbsences(db, DATASET, '2024-07-01', '2024-07-31')
  expect(absent).toHaveLength(4 - expected.length)
})

test('redrive tasks: redriving leaves queued, leased and finished tasks alone', async () => {
  const db = await freshDb()
  const done = await claimed(db, 'A', DT, 't1')
  await settle(db, 't1', [settlement(done, 'A', DT)])
  await claimed(db, 'B', DT, 't2')
  await enqueueTasks(db, DATASET, [newTask('C', DT)], NOW)
  const before = await snapshot(db)
  expect(await redriveTasks(db, {}, NOW + 1)).toEqual({ redriven: 0, more: false })
  expect(await snapshot(db)).toEqual(before)
})

test('redrive tasks: what a vendor will not serve is not asked for again because a task was redriven', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 't1')
  await settle(db, 't1', [settlement(id, 'AAPL', DT, { ...GIVEN_UP, outcome: 'not_entitled', askAgainAt: NOW + WEEK })])
  await redriveTasks(db, {}, NOW)
  expect(await findHead(db, { ...reach, now: NOW })).toBeUndefined()
  expect(await findHead(db, { ...reach, vendor: 'massive', now: NOW })).toMatchObject({ symbol: 'AAPL' })
})

test('redrive tasks: stalled tasks are found through their own index', async () => {
  const db = await freshDb()
  const plan = await db.all<{ detail: string }>(
    sql`EXPLAIN QUERY PLAN SELECT id FROM gap_tasks t WHERE t.state = 'stalled' ORDER BY t.dataset, t.symbol, t.dt LIMIT 1`,
  )
  expect(plan.map(({ detail }) => detail).join()).toMatch(/gap_tasks_stalled/)
})

test('redrive tasks: a renewed lease lasts longer; one that has passed on is not brought back', async () => {
  const db = await freshDb()
  const id = await claimed(db, 'AAPL', DT, 't1')
  expect(await renewLease(db, 't1', NOW + 90_000)).toBe(true)
  expect(await reapLeases(db, 12, NOW + 60_000)).toBe(0)
  // An earlier end than the one it has takes nothing away.
  expect(await renewLease(db, 't1', NOW + 70_000)).toBe(true)
  expect(await reapLeases(db, 12, NOW + 89_999)).toBe(0)
  expect(await reapLeases(db, 12, NOW + 90_000)).toBe(1)
  await claim(db, [id], 't2', { now: NOW + 90_000, leaseExpiresAt: NOW + 100_000 })
  const before = await snapshot(db)
  expect(await renewLease(db, 't1', NOW + 200_000)).toBe(false)
  expect(await snapshot(db)).toEqual(before)
})

test('redrive tasks: a released task is free at once and has lost no attempt', async () => {
  const db = await freshDb()
  const mine = await claimed(db, 'AAPL', DT, 't1')
  await claimed(db, 'MSFT', DT, 't2')
  expect(await releaseLease(db, 't1', NOW + 1)).toBe(1)
  expect(await tasksIn(db)).toMatchObject([
    { symbol: 'AAPL', state: 'queued', attempts: 0, nextAt: NOW, lastOutcome: null },
    { symbol: 'MSFT', state: 'leased', attempts: 1 },
  ])
  const before = await snapshot(db)
  expect(await settle(db, 't1', [settlement(mine, 'AAPL', DT)])).toBe(0)
  expect(await releaseLease(db, 't1', NOW + 2)).toBe(0)
  expect(await snapshot(db)).toEqual(before)
  expect(await claim(db, [mine], 't3')).toEqual(new Set([mine]))
})

test('redrive tasks: a holder that stops gives back all it has and nothing of others', async () => {
  const db = await freshDb()
  await enqueueTasks(
    db,
    DATASET,
    ['A', 'B', 'C'].map((symbol) => newTask(symbol, DT)),
    NOW,
  )
  await claim(db, [1], 't1', { holder: 'leaving' })
  await claim(db, [2], 't2', { holder: 'leaving' })
  await claim(db, [3], 't3', { holder: 'staying' })
  expect(await releaseHolder(db, 'leaving', NOW)).toBe(2)
  expect((await tasksIn(db)).map(({ state, attempts }) => [state, attempts])).toEqual([
    ['queued', 0],
    ['queued', 0],
    ['leased', 1],
  ])
  expect(await db.all(sql`SELECT token FROM leases`)).toEqual([{ token: 't3' }])
})
