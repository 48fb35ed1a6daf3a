/** Puts gaps on the queue; a cell that already has an open task keeps the one it has, unless that is a mere re-reading. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { unpackCells } from '../packed-months/unpack-months.ts'
import { bucketOf } from './eligibility.ts'
import { sortKeyOf } from './reorder-queue.ts'
import { taskAround } from './split-tasks.ts'

export interface NewTask {
  symbol: string
  dt: string
  lane: 'today' | 'backfill'
  priority: number
  expectedRows: number | null
  reason: 'missing' | 'recheck' | 'second_opinion' | 'manual' | 're_read' | 'probe'
  nextAt: number
  /** The only vendor to ask; absent for any. */
  vendor?: string
  /** True where newer days come before older ones. */
  newestFirst?: boolean
}

/** Returns how many tasks were new. */
export async function enqueueTasks(db: Db, dataset: string, tasks: readonly NewTask[], now: number): Promise<number> {
  if (tasks.length === 0) return 0
  const unpacked = unpackCells(dataset, JSON.stringify(tasks.map(({ symbol, dt }) => ({ symbol, dt }))))
  const results = await db.write([
    // What is said of the cell of an open task is a row.
    ...unpacked,
    ...alike(tasks).flatMap((group) => [insertOf(dataset, group, now), sql`SELECT changes() AS enqueued`]),
  ])
  return results.slice(unpacked.length).reduce((sum, rows) => sum + Number(rows[0]?.enqueued ?? 0), 0)
}

/** Neighbours that differ in nothing but their cell: what they share is said once, and only the cells are read from JSON. First come stays first. */
function alike(tasks: readonly NewTask[]): NewTask[][] {
  const runs: NewTask[][] = []
  for (const task of tasks) {
    const run = runs.at(-1)
    if (run !== undefined && isAlike(run[0] as NewTask, task)) run.push(task)
    else runs.push([task])
  }
  return runs
}

const isAlike = (a: NewTask, b: NewTask): boolean =>
  a.nextAt === b.nextAt &&
  a.expectedRows === b.expectedRows &&
  a.lane === b.lane &&
  a.priority === b.priority &&
  a.reason === b.reason &&
  a.vendor === b.vendor &&
  a.newestFirst === b.newestFirst

function insertOf(dataset: string, group: readonly NewTask[], now: number): SQL {
  const { lane, priority, expectedRows, reason, nextAt, vendor = null, newestFirst = false } = group[0] as NewTask
  // One text a cell, the day in front: a list of two would be read three times.
  const cells = JSON.stringify(group.map(({ symbol, dt }) => dt + symbol))
  return sql`INSERT INTO gap_tasks
      (dataset, symbol, dt, lane, priority, expected_rows, reason, state, attempts, next_at, created_at, updated_at, vendor, sort_key,
       blocked_for, blocked_until)
    SELECT ${dataset}, substr(value, 11), substr(value, 1, 10), ${lane}, ${priority}, ${expectedRows}, ${reason}, 'queued', 0, ${nextAt}, ${now}, ${now},
           ${vendor}, ${sortKeyOf(sql`substr(value, 1, 10)`, newestFirst)}, ${bucketOf(vendor, nextAt, now)}, ${nextAt > now ? nextAt : null}
    FROM json_each(${cells})
    WHERE NOT EXISTS (${taskAround(sql`${dataset}`, sql`substr(value, 11)`, sql`substr(value, 1, 10)`)})
    ON CONFLICT (dataset, symbol, dt) WHERE done_at IS NULL DO UPDATE SET lane = excluded.lane, priority = excluded.priority,
      expected_rows = excluded.expected_rows, reason = excluded.reason, attempts = 0, next_at = excluded.next_at,
      updated_at = excluded.updated_at, vendor = excluded.vendor, sort_key = excluded.sort_key,
      blocked_for = excluded.blocked_for, blocked_until = excluded.blocked_until
      WHERE reason = 're_read' AND state = 'queued' AND excluded.reason <> 're_read'`
}
