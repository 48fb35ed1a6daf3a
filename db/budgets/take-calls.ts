/** Takes calls out of a vendor's budget: one statement, all or nothing, never more than the limit in any minute. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

const WINDOW_MS = 60_000
export const SLOT_MS = 50
/** Two requests may travel for different times: they may reach the vendor closer together than they left. */
const TRAVEL_MS = 250
/** How long a slot counts from its beginning: until its last call is a whole window old, and could be overtaken on the way. */
export const COUNTED_MS = WINDOW_MS + SLOT_MS + TRAVEL_MS
export const DAY_MS = 86_400_000

/**
 * How far ahead of now what was written still counts. A clock that was set back by hours spends nothing twice; one that stood years
 * ahead must not keep a vendor from being asked until that time has really come.
 */
export const SLOTS_AHEAD_MS = 26 * 3_600_000
const DAYS_AHEAD_MS = 7 * DAY_MS
export const PAUSES_AHEAD_MS = 25 * 3_600_000

export interface Limits {
  vendor: string
  /** Calls in any 60 seconds that this lane may send. */
  perMinute: number
  /** Calls a minute beyond them that only lane `today` may send; absent where there is nothing of the kind. */
  reserved?: number
  /** Lane `today` itself: what it sends comes out of the share reserved for it first. */
  isToday?: boolean
  /** Calls per UTC day, null for no cap. */
  perDay: number | null
}

/**
 * True when the calls may be sent. A call once taken is never given back: it may have been sent. `sentLately` are the calls the caller's
 * process itself has sent in the last 60 seconds of a clock that cannot be set: those a wall clock that jumped ahead would forget are
 * counted again before anything is granted.
 */
export async function takeCalls(db: Db, limits: Limits, calls: number, now: number, sentLately = 0): Promise<boolean> {
  const slot = slotOf(now)
  const day = dayOf(now)
  const results = await db.write([
    ...(sentLately > 0 ? [countAtLeast(limits.vendor, sentLately, slot, now)] : []),
    sql`INSERT INTO budgets (vendor, kind, starts_at, calls, today)
        SELECT ${limits.vendor}, kind, starts_at, ${calls}, ${limits.isToday === true ? calls : 0}
        FROM (SELECT 'slot' AS kind, ${slot} AS starts_at UNION ALL SELECT 'day', ${day})
        WHERE ${spentInWindow(limits.vendor, now)} + ${calls} <= ${limits.perMinute + reservedOf(limits)}
          AND (${limits.isToday === true} OR ${spentByOthers(limits.vendor, now)} + ${calls} <= ${limits.perMinute})
          AND (${limits.perDay} IS NULL OR ${spentOnDay(limits.vendor, day)} + ${calls} <= ${limits.perDay})
          AND NOT EXISTS (SELECT 1 FROM budgets WHERE vendor = ${limits.vendor} AND kind = 'pause'
            AND starts_at > ${now} AND starts_at <= ${now + PAUSES_AHEAD_MS})
        ON CONFLICT DO UPDATE SET calls = calls + excluded.calls, today = today + excluded.today
        RETURNING kind`,
  ])
  return (results.at(-1)?.length ?? 0) > 0
}

/** Raises what is counted in the window to `calls`, if it is less. */
export const countAtLeast = (vendor: string, calls: number, slot: number, now: number): SQL => sql`
  INSERT INTO budgets (vendor, kind, starts_at, calls)
  SELECT ${vendor}, 'slot', ${slot}, ${calls} - ${spentInWindow(vendor, now)}
  WHERE ${spentInWindow(vendor, now)} < ${calls}
  ON CONFLICT DO UPDATE SET calls = calls + excluded.calls`

/** Epoch ms at which one more call fits; `now` when it fits already, null when a limit of zero forbids it for good. */
export async function nextCallAt(db: Db, limits: Limits, now: number): Promise<number | null> {
  if (limits.perMinute < 1 || (limits.perDay !== null && limits.perDay < 1)) return null
  const spent = await db.all<Row>(sql`
    SELECT kind, starts_at AS startsAt, calls, today FROM budgets
    WHERE vendor = ${limits.vendor} AND (kind = 'slot' AND starts_at > ${now - COUNTED_MS}
      OR kind = 'day' AND starts_at > ${now - DAY_MS} OR kind = 'pause' AND starts_at > ${now}) ORDER BY starts_at`)
  const of = (wanted: Row['kind']) => spent.filter(({ kind }) => kind === wanted)
  const [slots, days, pauses] = [of('slot'), of('day'), of('pause')]
  // What frees one limit may run into another, so all are looked at again at each instant.
  for (let at = now; ; ) {
    const day = dayOf(at)
    const onDay = days.filter(({ startsAt }) => startsAt >= day && startsAt <= day + DAYS_AHEAD_MS)
    const inWindow = slots.filter(({ startsAt }) => startsAt > at - COUNTED_MS && startsAt <= at + SLOTS_AHEAD_MS)
    const pause = pauses.findLast(({ startsAt }) => startsAt > at && startsAt <= at + PAUSES_AHEAD_MS)
    if (pause) at = pause.startsAt
    else if (limits.perDay !== null && callsIn(onDay) >= limits.perDay) at = day + DAY_MS
    else if (callsIn(inWindow) >= limits.perMinute + reservedOf(limits)) at = inWindow[0]!.startsAt + COUNTED_MS
    else {
      const others = limits.isToday ? [] : inWindow.filter(({ calls, today }) => calls > today)
      if (callsIn(others) - todayIn(others) < limits.perMinute) return at
      at = others[0]!.startsAt + COUNTED_MS
    }
  }
}

/** When the calls of the last minute stop counting, epoch ms, the soonest first. Those of lane `today` count against its share. */
export async function releases(db: Db, vendor: string, now: number): Promise<{ at: number; calls: number }[]> {
  return await db.all<{ at: number; calls: number }>(sql`
    SELECT starts_at + ${COUNTED_MS} AS at, calls - today AS calls FROM budgets
    WHERE vendor = ${vendor} AND kind = 'slot' AND calls > today
      AND starts_at > ${now - COUNTED_MS} AND starts_at <= ${now + SLOTS_AHEAD_MS} ORDER BY starts_at`)
}

/** All that the limits allow counts as spent: nobody knows any more what was sent lately. Safe to repeat. */
export async function assumeSpent(db: Db, limits: Limits, now: number): Promise<void> {
  await db.write([
    countAtLeast(limits.vendor, limits.perMinute + reservedOf(limits), slotOf(now), now),
    ...(limits.perDay === null || limits.perDay < 1
      ? []
      : [
          sql`INSERT INTO budgets (vendor, kind, starts_at, calls) VALUES (${limits.vendor}, 'day', ${dayOf(now)}, ${limits.perDay})
              ON CONFLICT DO UPDATE SET calls = max(calls, excluded.calls)`,
        ]),
  ])
}

interface Row {
  kind: 'slot' | 'day' | 'pause'
  startsAt: number
  calls: number
  today: number
}

const reservedOf = ({ reserved = 0 }: Limits): number => reserved
const callsIn = (rows: readonly Row[]): number => rows.reduce((sum, { calls }) => sum + calls, 0)
const todayIn = (rows: readonly Row[]): number => rows.reduce((sum, { today }) => sum + today, 0)

export interface Spent {
  minute: number
  /** Those of the minute that went out in lane `today`. */
  today: number
  /** Those of the minute that lie ahead of now, because the clock was set back since: they count until it is past them. */
  ahead: number
  day: number
}

/** Calls of the vendor in its last minute and on its present day. */
export async function callsSpent(db: Db, vendor: string, now: number): Promise<Spent> {
  const day = dayOf(now)
  const [row] = await db.all<Spent>(
    sql`SELECT ${spentInWindow(vendor, now)} AS minute, ${spentInWindow(vendor, now)} - ${spentByOthers(vendor, now)} AS today,
      ${spentOnDay(vendor, day)} AS day, ${spentInWindow(vendor, now)} - ${spentInWindow(vendor, now, now)} AS ahead`,
  )
  return row ?? { minute: 0, today: 0, ahead: 0, day: 0 }
}

/** Calls of a minute and a day that limits still admit; below zero where they were lowered since. */
export function roomOf(limits: Limits, { minute, today, day }: Spent): number {
  const ofLane = limits.isToday ? minute : minute - today
  const inMinute = Math.min(limits.perMinute - ofLane, limits.perMinute + reservedOf(limits) - minute)
  return Math.min(inMinute, (limits.perDay ?? Number.POSITIVE_INFINITY) - day)
}

export const slotOf = (instant: number): number => Math.floor(instant / SLOT_MS) * SLOT_MS
export const dayOf = (instant: number): number => Math.floor(instant / DAY_MS) * DAY_MS

/** A slot from a clock that ran ahead counts too. */
const spentInWindow = (vendor: string, now: number, to = now + SLOTS_AHEAD_MS): SQL =>
  inWindow(sql`calls`, vendor, now, to)

/** Those that went out in any other lane than `today`. */
const spentByOthers = (vendor: string, now: number): SQL =>
  inWindow(sql`calls - today`, vendor, now, now + SLOTS_AHEAD_MS)

const inWindow = (
  counted: SQL,
  vendor: string,
  now: number,
  to: number,
): SQL => sql`(SELECT coalesce(sum(${counted}), 0) FROM budgets
  WHERE vendor = ${vendor} AND kind = 'slot' AND starts_at > ${now - COUNTED_MS} AND starts_at <= ${to})`

/** What a clock that ran ahead spent of a later day counts too: it was spent today, or that day is not over. */
const spentOnDay = (vendor: string, day: number) => sql`(SELECT coalesce(sum(calls), 0) FROM budgets
  WHERE vendor = ${vendor} AND kind = 'day' AND starts_at >= ${day} AND starts_at <= ${day + DAYS_AHEAD_MS})`
