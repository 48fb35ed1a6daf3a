/** Calls larger than one write, killed between two; and many holders at once. */
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import type { Db } from '../../db/client.ts'
import { enqueueTasks } from '../../db/gap-tasks/enqueue-tasks.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { findNeighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { calendarOf } from '../../functions/_calendar/calendar.ts'
import {
  claim,
  DATASET,
  dyingAfter,
  freshDb,
  NOW,
  newTask,
  reachOf,
  settle,
  settlement,
  type TaskRow,
  tasksIn,
} from '../db/temp-db.ts'

const DAYS = calendarOf('xnys').sessions('2019-01-02', '2024-07-03')
/** Tasks of one write. */
const AT_ONCE = 5_000
const LAPSED = NOW + 60_000

/** More cells than one write settles. */
async function largeCall(): Promise<{ db: Db; tasks: TaskRow[]; ids: number[] }> {
  const db = await freshDb()
  const cells = ['AAPL', 'GOOG', 'MSFT', 'NVDA'].flatMap((symbol) => DAYS.map((dt) => newTask(symbol, dt)))
  await enqueueTasks(db, DATASET, cells, NOW)
  const tasks = await tasksIn(db)
  return { db, tasks, ids: tasks.map(({ id }) => id) }
}

const filledBy = (tasks: readonly TaskRow[]) => tasks.map(({ id, symbol, dt }) => settlement(id, symbol, dt))

const counted = (db: Db): Promise<{ state: string; tasks: number }[]> =>
  db.all(sql`SELECT state, count(*) AS tasks FROM gap_tasks GROUP BY state ORDER BY state`)

test('settle slices: a large call that is killed between two writes of its settlement is settled in part, and the rest once it is asked again', async () => {
  const { db, tasks, ids } = await largeCall()
  expect(ids.length).toBeGreaterThan(AT_ONCE)
  await claim(db, ids, 'first')
  await expect(settle(dyingAfter(db, 1), 'first', filledBy(tasks))).rejects.toThrow('killed')
  const [done, leased] = await counted(db)
  const settled = done!.tasks
  const rest = ids.length - settled
  expect(leased).toEqual({ state: 'leased', tasks: rest })
  // The days of a symbol's month are settled together.
  expect(settled).toBeGreaterThanOrEqual(AT_ONCE)
  expect(settled).toBeLessThan(AT_ONCE + 23)
  // Every day that is present lies in a partition that is touched, and nothing else is present.
  const [present] = await db.all<{ n: number }>(sql`SELECT count(*) AS n FROM attempts WHERE digest IS NOT NULL`)
  expect(present).toEqual({ n: settled })
  expect(await db.all(sql`SELECT DISTINCT substr(dt, 1, 4) AS partition FROM attempts ORDER BY 1`)).toEqual(
    await db.all(sql`SELECT partition FROM partitions ORDER BY 1`),
  )
  expect(
    await db.all(sql`SELECT 1 FROM temp.settlement_staging UNION ALL SELECT 1 FROM main.settlement_staging`),
  ).toEqual([])

  expect(await reapLeases(db, 12, LAPSED)).toBe(rest)
  const open = (await tasksIn(db)).filter(({ state }) => state === 'queued')
  const again = open.map(({ id }) => id)
  expect(await claim(db, again, 'second', { now: LAPSED })).toEqual(new Set(again))
  expect(await settle(db, 'first', filledBy(open))).toBe(0)
  expect(await settle(db, 'second', filledBy(open))).toBe(rest)
  expect(await counted(db)).toEqual([{ state: 'done', tasks: ids.length }])
  expect(await db.all(sql`SELECT * FROM corrections`)).toEqual([])
  expect(await db.all(sql`SELECT * FROM leases`)).toEqual([])
  expect(await db.all(sql`SELECT max(count) AS asked, count(*) AS cells FROM attempts`)).toEqual([
    { asked: 1, cells: ids.length },
  ])
})

test('settle slices: a large claim that is killed between two writes lapses, and everything can be claimed again', async () => {
  const { db, ids } = await largeCall()
  await expect(claim(dyingAfter(db, 1), ids, 'first')).rejects.toThrow('killed')
  expect(await counted(db)).toEqual([
    { state: 'leased', tasks: AT_ONCE },
    { state: 'queued', tasks: ids.length - AT_ONCE },
  ])
  expect(await reapLeases(db, 12, LAPSED)).toBe(AT_ONCE)
  expect(await claim(db, ids, 'second', { now: LAPSED })).toEqual(new Set(ids))
})

test('settle slices: a large claim that is sent twice takes the tasks once and answers the same', async () => {
  const { db, ids } = await largeCall()
  expect(await claim(db, ids, 'token')).toEqual(new Set(ids))
  expect(await claim(db, ids, 'token')).toEqual(new Set(ids))
  expect(await db.all(sql`SELECT min(attempts) AS least, max(attempts) AS most FROM gap_tasks`)).toEqual([
    { least: 1, most: 1 },
  ])
})

test('settle slices: of a hundred claimers at once every task is settled once, by one of them', async () => {
  const db = await freshDb()
  const days = DAYS.slice(-30)
  await enqueueTasks(
    db,
    DATASET,
    ['A', 'B', 'C', 'D'].flatMap((symbol) => days.map((dt) => newTask(symbol, dt))),
    NOW,
  )
  const reach = reachOf('alpaca')
  const settledBy = new Map<number, string[]>()
  const work = async (name: string): Promise<void> => {
    for (let turn = 0; ; turn++) {
      const head = await findHead(db, reach)
      if (!head) return
      const riding = [head, ...(await findNeighbours(db, reach, head, 7)).tasks].slice(0, 8)
      const token = `${name} ${turn}`
      const taken = await claim(
        db,
        riding.map(({ id }) => id),
        token,
      )
      const mine = riding.filter(({ id }) => taken.has(id))
      if (mine.length === 0) continue
      expect(
        await settle(
          db,
          token,
          mine.map(({ id, symbol, dt }) => settlement(id, symbol, dt)),
        ),
      ).toBe(mine.length)
      for (const { id } of mine) settledBy.set(id, [...(settledBy.get(id) ?? []), name])
    }
  }
  await Promise.all(Array.from({ length: 100 }, (_, at) => work(`claimer ${at}`)))
  expect(settledBy.size).toBe(4 * days.length)
  expect([...settledBy.values()].filter((names) => names.length !== 1)).toEqual([])
  expect(await counted(db)).toEqual([{ state: 'done', tasks: 4 * days.length }])
  expect(await db.all(sql`SELECT max(count) AS asked, count(*) AS cells FROM attempts`)).toEqual([
    { asked: 1, cells: 4 * days.length },
  ])
  expect(await db.all(sql`SELECT * FROM leases`)).toEqual([])
})
