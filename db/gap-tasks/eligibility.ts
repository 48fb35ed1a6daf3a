/**
 * The eligibility bucket of a queued task: open to all vendors, blocked for some, or blocked for all. The queue's index leads with it, so that
 * the search for a head skips tasks that a vendor cannot take. The bucket only narrows the search: the task's own row decides.
 */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { NEVER } from '../clock-moments.ts'
import { holdsDay } from '../empty-months/final-none.ts'
import { type Param, preparedSql } from '../prepared.ts'

/** Value of `blocked_for`: no vendor may take the task yet. */
const EVERYBODY = '*'

/** The bucket of a new task, for which no vendor has been asked yet. */
export function bucketOf(vendor: string | null, nextAt: number, now: number): string {
  if (nextAt > now) return EVERYBODY
  return vendor === null ? '' : `!${vendor}`
}

/** Whether a vendor may search a bucket; `blockedFor` is a value of the column. */
const isOpenTo = (vendor: Param<string>, blockedFor: SQL): SQL => sql`(${blockedFor} <> ${EVERYBODY}
  AND CASE WHEN ${blockedFor} LIKE '!%' THEN ${blockedFor} = '!' || ${vendor} ELSE instr(',' || ${blockedFor} || ',', ',' || ${vendor} || ',') = 0 END)`

export const isBlockedForAll = (blockedFor: SQL): SQL => sql`${blockedFor} = ${EVERYBODY}`

/** `FROM … WHERE …` over gap_tasks as t: the tasks of a bucket s in its lane. The index gives them by priority, sort key and id. */
export const inBucketOf = ({
  dataset,
}: {
  dataset: Param<string>
}): SQL => sql`FROM gap_tasks t INDEXED BY gap_tasks_queue
  WHERE t.state = 'queued' AND t.dataset = ${dataset} AND t.blocked_for = s.blocked_for AND t.lane = s.lane`

/** Which vendor searches for what: see VendorReach. */
interface Look {
  vendor: Param<string>
  dataset: Param<string>
  lane: Param<string | null>
}

/** Part of `WITH RECURSIVE`: buckets(blocked_for, lane, priority) that a vendor may search. */
export const openBuckets = ({ vendor, dataset, lane }: Look): SQL =>
  bucketsWhere(dataset, lane, isOpenTo(vendor, sql`blocked_for`))

/** Part of `WITH RECURSIVE`: buckets(blocked_for, lane, priority), also those blocked for all vendors. */
export const everyBucket = (dataset: string): SQL => bucketsWhere(dataset, null, sql`blocked_for IS NOT NULL`)

/** There are only a few buckets: the query jumps through the index from one to the next. */
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

/** Part of `WITH RECURSIVE`: the distinct values of `blocked_for` among a dataset's queued tasks, null at the end. */
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

/** Part of `WITH RECURSIVE`: firsts(id), the first task of highest priority, one row per lane and value of `blocked_for`. */
export function firstTasks({ vendor, dataset, lane }: Look): SQL {
  const bucket = inBucketOf({ dataset })
  return sql`
    ${blockedFor(dataset)},
    firsts(id) AS (
      SELECT (SELECT t.id ${bucket} AND t.priority = (SELECT max(t.priority) ${bucket}) ORDER BY t.sort_key, t.id LIMIT 1)
      FROM (SELECT c.blocked_for, l.lane FROM closed c CROSS JOIN (${lanes(lane)}) l WHERE ${isOpenTo(vendor, sql`c.blocked_for`)}) s)`
}

/** `SET …` of gap_tasks: the bucket a queued task belongs to, and until when. */
export function rebucket(now: Param<number>): SQL {
  const refusals = sql`
    SELECT d.vendor AS vendor, d.until AS until FROM demotions d
    WHERE d.dataset = gap_tasks.dataset AND d.symbol = gap_tasks.symbol AND gap_tasks.dt BETWEEN d.from_dt AND d.to_dt
      AND d.until > ${now} AND coalesce(gap_tasks.vendor = d.vendor, true)
    UNION ALL
    SELECT a.vendor, a.ask_again_at FROM attempts a
    WHERE a.dataset = gap_tasks.dataset AND a.symbol = gap_tasks.symbol AND a.dt = gap_tasks.dt AND a.ask_again_at > ${now}
      AND gap_tasks.vendor IS NULL
    UNION ALL
    SELECT e.vendor, ${sql.raw(String(NEVER))} FROM empty_months e
    WHERE ${holdsDay(sql`gap_tasks.dataset`, sql`gap_tasks.symbol`, sql`gap_tasks.dt`)} AND gap_tasks.vendor IS NULL`
  return sql`
    blocked_for = CASE
      WHEN gap_tasks.next_at > ${now} THEN ${EVERYBODY}
      WHEN gap_tasks.vendor IS NOT NULL
        THEN CASE WHEN EXISTS (${refusals}) THEN ${EVERYBODY} ELSE '!' || gap_tasks.vendor END
      ELSE coalesce((SELECT group_concat(vendor) FROM (SELECT DISTINCT vendor FROM (${refusals}) ORDER BY vendor)), '') END,
    blocked_until = CASE WHEN gap_tasks.next_at > ${now} THEN gap_tasks.next_at ELSE (SELECT min(until) FROM (${refusals})) END`
}

/** Most tasks that one call rebuckets. */
const REOPENED = 500

const due = (lane: SQL, now: Param<number>): SQL =>
  sql`SELECT id FROM gap_tasks WHERE state = 'queued' AND lane ${lane} AND blocked_until <= ${now}`

/** SQL value: whether some task's `blocked_until` has passed. */
export const isUnblocking = (now: Param<number>): SQL => sql`EXISTS (${due(sql`IN ('today', 'backfill')`, now)})`

const reopened = (lane: SQL) =>
  preparedSql<'now'>(
    ({ now }) =>
      sql`UPDATE gap_tasks SET ${rebucket(now)} WHERE id IN (${due(lane, now)} ORDER BY blocked_until LIMIT ${REOPENED})`,
  )
const reopenedToday = reopened(sql`= 'today'`)
const reopenedBackfill = reopened(sql`= 'backfill'`)

/** Moves tasks whose `blocked_until` has passed to the bucket they now belong to, lane `today` first. */
export async function unblockTasks(db: Db, now: number): Promise<void> {
  await db.write([reopenedToday({ now }), reopenedBackfill({ now })])
}
