import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { demote } from '../../../db/demotions/demotions.ts'
import { countTasks } from '../../../db/gap-tasks/count-tasks.ts'
import { enqueueTasks } from '../../../db/gap-tasks/enqueue-tasks.ts'
import { listOpen } from '../../../db/gap-tasks/list-open.ts'
import { NEVER } from '../filled-settlement.ts'
import { claim, DATASET, freshDb, NOW, newTask } from '../temp-db.ts'

const DAYS = ['2024-07-01', '2024-07-02', '2024-07-03', '2024-07-05']
const SYMBOLS = ['AAPL', 'IBM', 'MSFT']

/** Tasks of both lanes, three priorities, all buckets, both orders of days, and one of an older version without a sort key. */
async function mixedQueue() {
  const db = await freshDb()
  const tasks = DAYS.flatMap((dt, day) =>
    SYMBOLS.map((symbol, at) =>
      newTask(symbol, dt, {
        lane: (day + at) % 3 === 0 ? 'today' : 'backfill',
        priority: (day * at) % 3,
        nextAt: at === 1 ? NOW + 1_000 : NOW,
      }),
    ),
  )
  await enqueueTasks(db, DATASET, tasks, NOW)
  await db.write([
    sql`UPDATE gap_tasks SET sort_key = -sort_key WHERE symbol = 'MSFT'`,
    sql`UPDATE gap_tasks SET sort_key = 0 WHERE symbol = 'AAPL' AND dt = ${DAYS[2]}`,
    sql`UPDATE gap_tasks SET blocked_for = 'alpaca' WHERE symbol = 'AAPL' AND dt > ${DAYS[1]}`,
  ])
  await demote(db, [
    {
      vendor: 'fred',
      dataset: DATASET,
      symbol: '*',
      outcome: 'not_entitled',
      until: NEVER,
      fromDt: DAYS[0]!,
      toDt: DAYS[3]!,
    },
  ])
  return db
}

test('list open: queued tasks are listed by lane, priority, sort key and id, whatever their bucket', async () => {
  const db = await mixedQueue()
  const inOrder = await db.all<{ id: number; dt: string }>(
    sql`SELECT id, dt FROM gap_tasks ORDER BY lane DESC, priority DESC, sort_key, id`,
  )
  for (const limit of [1, 4, 7, 100]) {
    const listed = await listOpen(db, DATASET, 'queued', {}, limit)
    expect(listed.map(({ id }) => id)).toEqual(inOrder.slice(0, limit).map(({ id }) => id))
  }
  const days = { fromDt: DAYS[1]!, toDt: DAYS[2]! }
  const within = inOrder.filter(({ dt }) => dt >= days.fromDt && dt <= days.toDt).map(({ id }) => id)
  expect((await listOpen(db, DATASET, 'queued', days, 100)).map(({ id }) => id)).toEqual(within)
  expect(await listOpen(db, 'options_bars', 'queued', {}, 100)).toEqual([])
})

test('list open: tasks are counted by dataset, state and last outcome', async () => {
  const db = await mixedQueue()
  await claim(db, [1, 2], 'token')
  await db.write([sql`UPDATE gap_tasks SET last_outcome = 'empty' WHERE id IN (2, 3)`])
  expect(await countTasks(db)).toEqual([
    { dataset: DATASET, state: 'leased', lastOutcome: null, tasks: 1 },
    { dataset: DATASET, state: 'leased', lastOutcome: 'empty', tasks: 1 },
    { dataset: DATASET, state: 'queued', lastOutcome: null, tasks: 9 },
    { dataset: DATASET, state: 'queued', lastOutcome: 'empty', tasks: 1 },
  ])
})
