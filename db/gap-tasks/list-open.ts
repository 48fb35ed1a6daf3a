/** Some open tasks of a dataset to look at. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { heldBy } from '../leases/held-tasks.ts'
import { everyBucket } from './eligibility.ts'
import { rangesBetween } from './eligible-ranges.ts'
import { lastDay } from './split-tasks.ts'
import { narrowedBy, type TaskFilter } from './tally-tasks.ts'

/** Instants are epoch ms. */
export interface ListedTask {
  id: number
  dataset: string
  symbol: string
  /** Its day, or the first of its days; the last of them; how many they are. */
  dt: string
  toDt: string
  cells: number
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

const columns = sql`t.id, t.dataset, t.symbol, t.dt, ${lastDay} AS toDt, t.cells, t.lane, t.priority, t.state, t.reason, t.attempts, t.next_at AS nextAt,
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
      WHERE t.dataset = ${dataset} AND t.done_at IS NULL AND t.state = ${state} ${narrowed} ORDER BY t.dt LIMIT ${limit}`)
  }
  switch (state) {
    case 'queued':
      return await listQueued(db, dataset, filter, limit)
    case 'leased':
      return await db.all<ListedTask>(sql`SELECT ${columns} ${heldBy(sql`true`)}
        AND t.dataset = ${dataset} ${narrowed} LIMIT ${limit}`)
    case 'stalled':
      return await db.all<ListedTask>(sql`SELECT ${columns} FROM gap_tasks t
        WHERE t.state = 'stalled' AND t.dataset = ${dataset} ${narrowed} ORDER BY t.symbol, t.dt LIMIT ${limit}`)
    default:
      return state satisfies never
  }
}

interface Bucket {
  blockedFor: string
  lane: string
  priority: number
}

/** Reads the buckets one after the other, each in the order of its index and up to `limit`: sorting a whole queue would block every other query. */
async function listQueued(
  db: Db,
  dataset: string,
  filter: Pick<TaskFilter, 'fromDt' | 'toDt'>,
  limit: number,
): Promise<ListedTask[]> {
  const buckets = await db.all<Bucket>(
    sql`WITH RECURSIVE ${everyBucket(dataset)} SELECT blocked_for AS blockedFor, lane, priority FROM buckets ORDER BY lane DESC, priority DESC`,
  )
  const ranges = rangesBetween(`${(filter.fromDt ?? '0000-01').slice(0, 7)}-01`, filter.toDt ?? '9999-12-31')
  const found: ListedTask[] = []
  let places: (ListedTask & { sortKey: number })[] = []
  for (const [at, { blockedFor, lane, priority }] of buckets.entries()) {
    for (const { from, before } of ranges) {
      const part = await db.all<ListedTask & { sortKey: number }>(sql`
        SELECT ${columns}, t.sort_key AS sortKey FROM gap_tasks t INDEXED BY gap_tasks_queue
        WHERE t.state = 'queued' AND t.dataset = ${dataset} AND t.blocked_for = ${blockedFor} AND t.lane = ${lane} AND t.priority = ${priority}
          AND t.sort_key >= ${from} AND t.sort_key < ${before} ${narrowedBy(filter)}
        ORDER BY t.sort_key, t.id LIMIT ${limit - found.length}`)
      places.push(...part)
    }
    const next = buckets[at + 1]
    if (next?.lane === lane && next.priority === priority) continue
    const sorted = places.sort((a, b) => a.sortKey - b.sortKey || a.id - b.id).slice(0, limit - found.length)
    found.push(...sorted.map(({ sortKey: _, ...task }) => task))
    places = []
    if (found.length >= limit) break
  }
  return found
}
