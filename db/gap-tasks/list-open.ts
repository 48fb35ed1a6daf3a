/** Some open tasks of a dataset to look at. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { queueOrder } from './claimable.ts'
import { narrowedBy, type TaskFilter } from './tally-tasks.ts'

/** Instants are epoch ms. */
export interface ListedTask {
  id: number
  dataset: string
  symbol: string
  dt: string
  lane: 'today' | 'backfill'
  priority: number
  state: 'queued' | 'leased' | 'stalled'
  reason: string
  attempts: number
  nextAt: number
  lastOutcome: string | null
  createdAt: number
  updatedAt: number
  /** The only vendor that may take it; null for any. */
  vendor: string | null
}

const columns = sql`t.id, t.dataset, t.symbol, t.dt, t.lane, t.priority, t.state, t.reason, t.attempts, t.next_at AS nextAt,
  t.last_outcome AS lastOutcome, t.created_at AS createdAt, t.updated_at AS updatedAt, t.vendor`

/**
 * Tasks of one state in the order of its index: queued ones as they will be taken, stalled ones by symbol and day. With a symbol, whatever
 * their state, by day.
 */
export async function listOpen(
  db: Db,
  dataset: string,
  state: 'queued' | 'leased' | 'stalled',
  filter: Omit<TaskFilter, 'dataset' | 'state'>,
  limit: number,
): Promise<ListedTask[]> {
  const narrowed = narrowedBy(filter)
  if (filter.symbol !== undefined) {
    return await db.all<ListedTask>(sql`SELECT ${columns} FROM gap_tasks t
      WHERE t.dataset = ${dataset} AND t.state <> 'done' AND t.state = ${state} ${narrowed} ORDER BY t.dt LIMIT ${limit}`)
  }
  switch (state) {
    case 'queued':
      return await db.all<ListedTask>(sql`SELECT ${columns} FROM gap_tasks t
        WHERE t.state = 'queued' AND t.dataset = ${dataset} ${narrowed} ORDER BY ${queueOrder} LIMIT ${limit}`)
    case 'leased':
      return await db.all<ListedTask>(sql`SELECT ${columns} FROM leases l CROSS JOIN gap_tasks t ON t.id = l.task_id
        WHERE t.dataset = ${dataset} ${narrowed} LIMIT ${limit}`)
    case 'stalled':
      return await db.all<ListedTask>(sql`SELECT ${columns} FROM gap_tasks t
        WHERE t.state = 'stalled' AND t.dataset = ${dataset} ${narrowed} ORDER BY t.symbol, t.dt LIMIT ${limit}`)
    default:
      return state satisfies never
  }
}
