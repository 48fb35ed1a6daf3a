/** The open task of one cell, its own or that of several days of its month, with its lease while somebody works on it; there is at most one. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { taskAround } from './split-tasks.ts'

/** Instants are epoch ms. The lease's token is a right and stays where it is. */
export interface OpenTask {
  id: number
  state: 'queued' | 'leased' | 'stalled'
  reason: string
  lane: 'today' | 'backfill'
  priority: number
  expectedRows: number | null
  attempts: number
  nextAt: number
  lastOutcome: string | null
  createdAt: number
  /** The only vendor that may take it; null for any. */
  vendor: string | null
  /** Null on all of these while nobody holds it. */
  leasedBy: string | null
  leasedAt: number | null
  leaseExpiresAt: number | null
}

export async function findTask(db: Db, dataset: string, symbol: string, dt: string): Promise<OpenTask | undefined> {
  // `done_at IS NULL` is what the index over open cells is made for; other words for it would read the whole queue.
  const [task] = await db.all<OpenTask>(sql`
    SELECT t.id, t.state, t.reason, t.lane, t.priority, t.expected_rows AS expectedRows, t.attempts, t.next_at AS nextAt,
           t.last_outcome AS lastOutcome, t.created_at AS createdAt, t.vendor, l.vendor AS leasedBy, l.leased_at AS leasedAt,
           l.lease_expires_at AS leaseExpiresAt
    FROM gap_tasks t LEFT JOIN leases l ON l.id = t.lease
    WHERE t.done_at IS NULL AND t.id = coalesce(
      (SELECT id FROM gap_tasks WHERE dataset = ${dataset} AND symbol = ${symbol} AND dt = ${dt} AND done_at IS NULL),
      (${taskAround(sql`${dataset}`, sql`${symbol}`, sql`${dt}`)}))`)
  return task
}
