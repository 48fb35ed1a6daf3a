/** Puts gaps on the queue; a cell that already has an open task keeps the one it has, unless that is a mere re-reading. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface NewTask {
  symbol: string
  dt: string
  lane: 'today' | 'backfill'
  priority: number
  expectedRows: number | null
  reason: 'missing' | 'recheck' | 'second_opinion' | 'manual' | 're_read'
  nextAt: number
  /** The only vendor to ask; absent for any. */
  vendor?: string
}

/** Answers how many tasks were new. */
export async function enqueueTasks(db: Db, dataset: string, tasks: readonly NewTask[], now: number): Promise<number> {
  if (tasks.length === 0) return 0
  const results = await db.write([
    sql`INSERT INTO gap_tasks
          (dataset, symbol, dt, lane, priority, expected_rows, reason, state, attempts, next_at, created_at, updated_at, vendor)
        SELECT ${dataset}, value->>'symbol', value->>'dt', value->>'lane', value->>'priority', value->>'expectedRows',
               value->>'reason', 'queued', 0, value->>'nextAt', ${now}, ${now}, value->>'vendor'
        FROM json_each(${JSON.stringify(tasks)})
        WHERE true
        ON CONFLICT (dataset, symbol, dt) WHERE state <> 'done' DO UPDATE SET lane = excluded.lane, priority = excluded.priority,
          expected_rows = excluded.expected_rows, reason = excluded.reason, attempts = 0, next_at = excluded.next_at,
          updated_at = excluded.updated_at, vendor = excluded.vendor
          WHERE reason = 're_read' AND state = 'queued' AND excluded.reason <> 're_read'`,
    sql`SELECT changes() AS enqueued`,
  ])
  return Number(results[1]?.[0]?.enqueued ?? 0)
}
