/**
 * Puts right what a clock that ran ahead has written: at start, and when the clock is set back under a running node. One write, safe to repeat.
 * An instant may lie as far ahead of now as its kind can be (clock-moments.ts), otherwise it becomes now; a wait of a row that says when it was
 * written keeps its length.
 */
import { type SQL, sql } from 'drizzle-orm'
import { COUNTED_MS, PAUSES_AHEAD_MS } from './budgets/take-calls.ts'
import type { Db } from './client.ts'
import { MOMENTS, type Moments, NEVER, NEWEST_STAMPS, type Wait } from './clock-moments.ts'
import { rebucket } from './gap-tasks/eligibility.ts'
import { unpackLaterThan } from './packed-months/unpack-months.ts'

/** Clocks of machines that share a server differ by so much, and a clock that is set by less is not worth a repair. */
export const AHEAD_MS = 5 * 60_000

/** Longest lease of a call, and of a partition: whoever holds one may still be at work, so it is cut to its full length from now. */
const LEASE_MS = 20 * 60_000
const PARTITION_LEASE_MS = 10 * 60_000
/** Longest pause before a partition that failed is tried again. */
const PARTITION_PAUSE_MS = 6 * 60 * 60_000
/** A firing that lies so little ahead was played a little early; what lies further ahead has yet to come. */
const FIRING_AHEAD_MS = 60 * 60_000

export interface ClockRepair {
  /** How far the newest instant written lay ahead of now, ms; 0 where the clock had not run ahead. */
  aheadMs: number
  /** Rows that were put right. */
  rows: number
}

/** The newest instant at which anything is known to have been written, epoch ms; null in an empty database. */
export async function newestStamp(db: Db): Promise<number | null> {
  const each = NEWEST_STAMPS.map(
    ({ table, column, only }) =>
      sql`SELECT max(${sql.raw(column)}) AS at FROM ${sql.raw(table)}${only ? sql.raw(` WHERE ${only}`) : sql``}`,
  )
  const [row] = await db.all<{ at: number | null }>(
    sql`SELECT max(at) AS at FROM (${sql.join(each, sql` UNION ALL `)})`,
  )
  return row?.at ?? null
}

/** What the clock of the database shows, epoch ms: that of the server where several nodes share one. */
export async function databaseTime(db: Db): Promise<number> {
  const [row] = await db.all<{ at: number }>(sql`SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER) AS at`)
  return row?.at ?? Number.NaN
}

/** `now` is epoch ms of a clock that is believed. */
export async function repairClock(db: Db, now: number): Promise<ClockRepair> {
  const newest = await newestStamp(db)
  const aheadMs = newest !== null && newest > now + AHEAD_MS ? newest - now : 0
  const isAhead = aheadMs > 0
  // Where no stamp lies ahead the evidence need not be read: there are millions of rows.
  const rules = MOMENTS.filter(({ table }) => isAhead || !LARGE.has(table))
  const changed = await db.change([
    ...budgets(now, isAhead),
    sql`DELETE FROM ticks WHERE scheduled_at > ${now + FIRING_AHEAD_MS}`,
    ...(isAhead ? [sql`DELETE FROM vendor_call_stats WHERE starts_at > ${now}`] : []),
    sql`UPDATE leases SET lease_expires_at = ${now + LEASE_MS} WHERE lease_expires_at > ${now + LEASE_MS + AHEAD_MS}`,
    // Without a holder it is a pause before the next try.
    sql`UPDATE partitions SET lease_expires_at = CASE WHEN lease_token IS NULL THEN ${now} ELSE ${now + PARTITION_LEASE_MS} END
        WHERE lease_expires_at > ${now} + ${AHEAD_MS}
          + CASE WHEN lease_token IS NOT NULL THEN ${PARTITION_LEASE_MS} WHEN ${isAhead} THEN 0 ELSE ${PARTITION_PAUSE_MS} END`,
    // A packed instant cannot be put right where it stands.
    ...(isAhead ? unpackLaterThan(now) : []),
    ...rules.map((rule) => putRight(rule, now, isAhead)),
    // Last, because where a task stands follows from all of these.
    ...(isAhead ? [sql`UPDATE gap_tasks SET ${rebucket(now)} WHERE state = 'queued' AND blocked_until > ${now}`] : []),
  ])
  return { aheadMs, rows: changed.reduce((sum, rows) => sum + rows, 0) }
}

const LARGE: ReadonlySet<string> = new Set(['attempts', 'absences', 'empty_months'])

/**
 * Calls that lie ahead may have been sent just now, whatever the clock was set to between them. So their account pauses for as long as a call counts, and
 * their slots go: a vendor with a full minute a day ahead would not be asked for that day. Slots moved to now would show more calls in one minute
 * than there ever were.
 */
const budgets = (now: number, isAhead: boolean): SQL[] => [
  sql`DELETE FROM budgets WHERE kind = 'pause' AND starts_at > ${isAhead ? now : now + PAUSES_AHEAD_MS}`,
  sql`INSERT INTO budgets (vendor, kind, starts_at, calls)
      SELECT DISTINCT vendor, 'pause', ${now + COUNTED_MS}, 1 FROM budgets
      WHERE kind = 'slot' AND starts_at > ${now + AHEAD_MS} ON CONFLICT DO NOTHING`,
  sql`DELETE FROM budgets WHERE kind = 'slot' AND starts_at > ${now + AHEAD_MS}`,
]

function putRight({ table, stamps, waits = [], only }: Moments, now: number, isAhead: boolean): SQL {
  const [written] = stamps
  const late: SQL[] = []
  const values: SQL[] = []
  for (const wait of waits) {
    const most = isAhead ? (wait.mostWhenAhead ?? wait.most) : wait.most
    const { column, isLate, value } = waitRule(wait, written, most, now)
    late.push(isLate)
    values.push(sql`${column} = ${value}`)
  }
  for (const stamp of stamps.map((name) => sql.raw(name))) {
    late.push(sql`${stamp} > ${now}`)
    values.push(sql`${stamp} = min(${stamp}, ${now})`)
  }
  const rows = only ? sql`(${sql.raw(only)}) AND ` : sql``
  // Two corrections of one answer may fall on one instant.
  return sql`UPDATE OR REPLACE ${sql.raw(table)} SET ${sql.join(values, sql`, `)} WHERE ${rows}(${sql.join(late, sql` OR `)})`
}

function waitRule(wait: Wait, written: string | undefined, most: number, now: number) {
  const column = sql.raw(wait.column)
  const early = written === undefined ? sql`0` : sql`max(${sql.raw(written)} - ${now}, 0)`
  const kept = sql`${column} - ${early}`
  return {
    column,
    isLate: sql`(${column} > ${now + most} AND ${column} < ${NEVER})`,
    value: sql`CASE WHEN ${column} <= ${now} OR ${column} >= ${NEVER} THEN ${column} WHEN ${kept} > ${now + most} THEN ${now}
      ELSE max(${now}, ${kept}) END`,
  }
}
