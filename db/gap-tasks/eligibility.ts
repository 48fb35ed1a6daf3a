/**
 * Where a queued task stands until it may be taken: open to all, closed to some vendors, or closed to everybody. Kept in the index of the
 * queue, so that looking for a head need not walk past what cannot be taken. Only a place to look: what decides is read from the task itself.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { type Param, preparedSql } from '../prepared.ts'

/** Of `closed_to`: nobody yet. */
const EVERYBODY = '*'

/** The shelf of a new task, of which no vendor has said anything yet. */
export function bucketOf(vendor: string | null, nextAt: number, now: number): string {
  if (nextAt > now) return EVERYBODY
  return vendor === null ? '' : `!${vendor}`
}

/** Whether a vendor may look on a shelf; `blockedFor` is a value of the column. */
const isOpenTo = (vendor: Param<string>, blockedFor: SQL): SQL => sql`(${blockedFor} <> ${EVERYBODY}
  AND CASE WHEN ${blockedFor} LIKE '!%' THEN ${blockedFor} = '!' || ${vendor} ELSE instr(',' || ${blockedFor} || ',', ',' || ${vendor} || ',') = 0 END)`

export const isBlockedForAll = (blockedFor: SQL): SQL => sql`${blockedFor} = ${EVERYBODY}`

/** `FROM … WHERE …` over gap_tasks as t: what stands on a shelf s, as far as its lane; in the order of its index by priority, day and id. */
export const inBucketOf = ({
  dataset,
}: {
  dataset: Param<string>
}): SQL => sql`FROM gap_tasks t INDEXED BY gap_tasks_queue
  WHERE t.state = 'queued' AND t.dataset = ${dataset} AND t.blocked_for = s.blocked_for AND t.lane = s.lane`

/** Who looks: see VendorReach. */
interface Look {
  vendor: Param<string>
  dataset: Param<string>
  lane: Param<string | null>
}

/** Of `WITH RECURSIVE`: shelves(closed_to, lane, priority) on which a vendor may look. */
export const openBuckets = ({ vendor, dataset, lane }: Look): SQL =>
  bucketsWhere(dataset, lane, isOpenTo(vendor, sql`blocked_for`))

/** Of `WITH RECURSIVE`: shelves(closed_to, lane, priority), also those closed to everybody. */
export const everyBucket = (dataset: string): SQL => bucketsWhere(dataset, null, sql`blocked_for IS NOT NULL`)

/** A handful, found by jumping from one to the next. */
function bucketsWhere(dataset: Look['dataset'], lane: Look['lane'], rule: SQL): SQL {
  const highest = (below: SQL): SQL => sql`(SELECT max(t.priority) ${inBucketOf({ dataset })} ${below})`
  return sql`
    ${blockedFor(dataset)},
    lanes(lane) AS (${lanes(lane)}),
    steps(blocked_for, lane, priority) AS (
      SELECT s.blocked_for, s.lane, ${highest(sql``)}
      FROM (SELECT * FROM closed CROSS JOIN lanes WHERE ${rule}) s
      UNION ALL
      SELECT s.blocked_for, s.lane, ${highest(sql`AND t.priority < s.priority`)} FROM steps s WHERE s.priority IS NOT NULL),
    buckets(blocked_for, lane, priority) AS (SELECT * FROM steps WHERE priority IS NOT NULL)`
}

/** Of `WITH RECURSIVE`: what the queued tasks of a dataset are closed to, null at the end. */
function blockedFor(dataset: Look['dataset']): SQL {
  const queued = sql`FROM gap_tasks t INDEXED BY gap_tasks_queue WHERE t.state = 'queued' AND t.dataset = ${dataset}`
  return sql`
    closed(blocked_for) AS (
      SELECT (SELECT min(t.blocked_for) ${queued})
      UNION ALL
      SELECT (SELECT min(t.blocked_for) ${queued} AND t.blocked_for > c.blocked_for) FROM closed c WHERE c.blocked_for IS NOT NULL)`
}

const lanes = (lane: Look['lane']): SQL =>
  sql`SELECT column1 AS lane FROM (VALUES ('today'), ('backfill')) WHERE column1 = coalesce(${lane}, column1)`

/** Of `WITH RECURSIVE`: firsts(id), the first task of the highest shelf of each lane, one row for each set of vendors it is closed to. */
export function firstTasks({ vendor, dataset, lane }: Look): SQL {
  const bucket = inBucketOf({ dataset })
  return sql`
    ${blockedFor(dataset)},
    firsts(id) AS (
      SELECT (SELECT t.id ${bucket} AND t.priority = (SELECT max(t.priority) ${bucket}) ORDER BY t.sort_key, t.id LIMIT 1)
      FROM (SELECT c.blocked_for, l.lane FROM closed c CROSS JOIN (${lanes(lane)}) l WHERE ${isOpenTo(vendor, sql`c.blocked_for`)}) s)`
}

/** `SET …` of gap_tasks: the shelf a queued task belongs on, and when that is over. */
export function rebucket(now: Param<number>): SQL {
  const refusals = sql`
    SELECT d.vendor AS vendor, d.until AS until FROM demotions d
    WHERE d.dataset = gap_tasks.dataset AND d.symbol = gap_tasks.symbol AND gap_tasks.dt BETWEEN d.from_dt AND d.to_dt
      AND d.until > ${now} AND coalesce(gap_tasks.vendor = d.vendor, true)
    UNION ALL
    SELECT a.vendor, a.ask_again_at FROM attempts a
    WHERE a.dataset = gap_tasks.dataset AND a.symbol = gap_tasks.symbol AND a.dt = gap_tasks.dt AND a.ask_again_at > ${now}
      AND gap_tasks.vendor IS NULL`
  return sql`
    blocked_for = CASE
      WHEN gap_tasks.next_at > ${now} THEN ${EVERYBODY}
      WHEN gap_tasks.vendor IS NOT NULL
        THEN CASE WHEN EXISTS (${refusals}) THEN ${EVERYBODY} ELSE '!' || gap_tasks.vendor END
      ELSE coalesce((SELECT group_concat(vendor) FROM (SELECT DISTINCT vendor FROM (${refusals}) ORDER BY vendor)), '') END,
    blocked_until = CASE WHEN gap_tasks.next_at > ${now} THEN gap_tasks.next_at ELSE (SELECT min(until) FROM (${refusals})) END`
}

/** Tasks put back by one call. */
const REOPENED = 500

const due = (lane: SQL, now: Param<number>): SQL =>
  sql`SELECT id FROM gap_tasks WHERE state = 'queued' AND lane ${lane} AND blocked_until <= ${now}`

/** Whether tasks stand where they no longer belong: a value of SQL. */
export const isUnblocking = (now: Param<number>): SQL => sql`EXISTS (${due(sql`IN ('today', 'backfill')`, now)})`

const reopened = (lane: SQL) =>
  preparedSql<'now'>(
    ({ now }) =>
      sql`UPDATE gap_tasks SET ${rebucket(now)} WHERE id IN (${due(lane, now)} ORDER BY blocked_until LIMIT ${REOPENED})`,
  )
const reopenedToday = reopened(sql`= 'today'`)
const reopenedBackfill = reopened(sql`= 'backfill'`)

/** Puts tasks whose time has come where they now belong, lane `today` first. */
export async function unblockTasks(db: Db, now: number): Promise<void> {
  await db.write([reopenedToday({ now }), reopenedBackfill({ now })])
}
