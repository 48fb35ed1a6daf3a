/** The first task of the queue that a vendor may take now, found without walking past what it may not take. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { preparedSql } from '../prepared.ts'
import { isFree, type QueuedTask, taskColumns, type VendorReach } from './claimable.ts'
import { firstTasks, inBucketOf, isUnblocking, openBuckets, rebucket, unblockTasks } from './eligibility.ts'
import { type EligibleRanges, eligibleRanges } from './eligible-ranges.ts'

const SCAN = 64
/** Most tasks of one bucket that are moved at once. The number grows from one scan to this while blocked tasks remain in the way. */
const MOVED = 4_000

/** A task and its place in the queue, with whether the vendor may take it. */
interface Place extends QueuedTask {
  sortKey: number
  isFree: 0 | 1
}

/** The first task of one bucket, nulls where there is no bucket; and whether some tasks must be rebucketed first. */
type FastPath = { isUnblocking: 0 | 1 } & (Place | { id: null })

/** The first task of one bucket that the vendor may take. */
interface BucketHead extends QueuedTask {
  blockedFor: string
  sortKey: number
  from: number
  before: number
  /** The last sort key that was scanned; null when the scan reached the end of the bucket. */
  lookedTo: number | null
}

/** A bucket without such a task has its lane and priority, and no id. */
type MaybeHead = Omit<BucketHead, 'id'> & { id: number | null }

/**
 * Returns the head. Usually the first task of the first bucket is free, and is the head. Otherwise each bucket is scanned for `scan` tasks;
 * then the tasks that are not free move to another bucket.
 */
export async function findHead(db: Db, reach: VendorReach, scan: number = SCAN): Promise<QueuedTask | undefined> {
  const fastPaths = await db.all<FastPath>(firstOfBuckets({ ...reach }))
  const mustReopen = fastPaths.some(({ isUnblocking }) => isUnblocking === 1)
  const first = fastPaths
    .filter((one): one is FastPath & Place => one.id !== null)
    .reduce<(FastPath & Place) | undefined>((best, one) => (best && !isBefore(one, best) ? best : one), undefined)
  if (mustReopen) await unblockTasks(db, reach.now)
  else if (!first) return undefined
  else if (first.isFree === 1) return taskOf(first)
  return await scanForHead(db, reach, scan)
}

const firstOfBuckets = preparedSql<keyof VendorReach>(
  ({ vendor, dataset, fromDt, toDt, lane, now }) => sql`
    WITH RECURSIVE ${firstTasks({ vendor, dataset, lane })}
    SELECT r.is_unblocking AS isUnblocking, ${taskColumns}, t.sort_key AS sortKey, ${isFree({ vendor, now })} AND t.dt BETWEEN ${fromDt} AND ${toDt} AS isFree
    FROM (SELECT ${isUnblocking(now)} AS is_unblocking) r LEFT JOIN firsts f LEFT JOIN gap_tasks t ON t.id = f.id`,
)

async function scanForHead(db: Db, reach: VendorReach, scan: number): Promise<QueuedTask | undefined> {
  const ranges = await eligibleRanges(db, reach)
  if (ranges.length === 0) return undefined
  for (let moved = scan + 1; ; moved = Math.min(MOVED, moved * 4)) {
    const bucketHeads = await bucketHeadsOf(db, reach, ranges, scan)
    const heads = bucketHeads.filter((bucketHead): bucketHead is BucketHead => bucketHead.id !== null)
    const head = heads.reduce<BucketHead | undefined>(
      (best, bucketHead) => (best && !isBefore(bucketHead, best) ? best : bucketHead),
      undefined,
    )
    // Without any head, every bucket is cleared: only a rebucketed task records when it may be taken.
    const blocked = bucketHeads.filter(
      (bucketHead) =>
        bucketHead.id === null && (!head || (bucketHead.lookedTo !== null && !isBehind(bucketHead, head))),
    )
    if (blocked.length === 0 || !(await clear(db, reach, blocked, moved))) return head && taskOf(head)
  }
}

/** The first free task of every bucket that the vendor may search, one row per range of sort keys. */
async function bucketHeadsOf(
  db: Db,
  reach: VendorReach,
  ranges: readonly EligibleRanges[],
  scan: number,
): Promise<MaybeHead[]> {
  const inBucket = inBucketOf(reach)
  return await db.all<MaybeHead>(sql`
    WITH RECURSIVE ${openBuckets(reach)},
      key_ranges AS MATERIALIZED (
        SELECT s.blocked_for, s.lane, s.priority, d.value->>'from' AS from_key, d.value->>'before' AS before_key
        FROM buckets s CROSS JOIN json_each(${JSON.stringify(ranges)}) d),
      scans AS MATERIALIZED (
        SELECT s.*, (SELECT t.sort_key ${inBucket} AND ${inRange} ORDER BY t.sort_key, t.id LIMIT 1 OFFSET ${scan}) AS looked_to FROM key_ranges s)
    SELECT s.blocked_for AS blockedFor, s.from_key AS "from", s.before_key AS "before", t.sort_key AS sortKey, s.looked_to AS lookedTo, ${taskColumns}, s.lane, s.priority
    FROM scans s LEFT JOIN gap_tasks t ON t.id = (
      SELECT t.id ${inBucket} AND ${inRange} AND t.sort_key <= coalesce(s.looked_to, s.before_key) AND ${isFree(reach)}
        AND t.dt BETWEEN ${reach.fromDt} AND ${reach.toDt}
      ORDER BY t.sort_key, t.id LIMIT 1)`)
}

const inRange = sql`t.priority = s.priority AND t.sort_key >= s.from_key AND t.sort_key < s.before_key`

/** Moves tasks that are not free from the front of the buckets to where they belong. Returns false when no task moved. */
async function clear(db: Db, reach: VendorReach, bucketHeads: readonly MaybeHead[], most: number): Promise<boolean> {
  const moved = await db.write(
    bucketHeads.map(
      ({ blockedFor, lane, priority, from, before }) => sql`UPDATE gap_tasks SET ${rebucket(reach.now)} WHERE id IN (
        SELECT t.id FROM (SELECT * FROM gap_tasks t INDEXED BY gap_tasks_queue
          WHERE t.state = 'queued' AND t.dataset = ${reach.dataset} AND t.blocked_for = ${blockedFor} AND t.lane = ${lane}
            AND t.priority = ${priority} AND t.sort_key >= ${from} AND t.sort_key < ${before} ORDER BY t.sort_key, t.id LIMIT ${most}) t
        WHERE NOT (${isFree(reach)})) RETURNING blocked_for AS blockedFor`,
    ),
  )
  return moved.some((rows, at) => rows.some(({ blockedFor }) => blockedFor !== bucketHeads[at]?.blockedFor))
}

type Bucket = Pick<QueuedTask, 'lane' | 'priority'>
type Placed = Pick<Place, 'lane' | 'priority' | 'sortKey' | 'id'>

const isSooner = (a: Bucket, b: Bucket): boolean | null => {
  if (a.lane !== b.lane) return a.lane === 'today'
  return a.priority === b.priority ? null : a.priority > b.priority
}

/** Lane `today` first, then priority, then sort key, then the oldest task. */
const isBefore = (a: Placed, b: Placed): boolean =>
  isSooner(a, b) ?? (a.sortKey === b.sortKey ? a.id < b.id : a.sortKey < b.sortKey)

const isBehind = (bucket: Bucket, head: Bucket): boolean => isSooner(bucket, head) === false

const taskOf = ({ id, symbol, dt, days, lane, priority, expectedRows, reason, attempts }: QueuedTask): QueuedTask => ({
  id,
  symbol,
  dt,
  days,
  lane,
  priority,
  expectedRows,
  reason,
  attempts,
})
