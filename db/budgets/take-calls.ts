/** Takes calls out of a vendor's budget: one statement, all or nothing, never more than the limit in any minute. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

const WINDOW_MS = 60_000
const SLOT_MS = 1_000
const DAY_MS = 86_400_000

export interface Limits {
  vendor: string
  /** Calls in any 60 seconds; the caller has already kept back the share of other lanes. */
  perMinute: number
  /** Calls per UTC day, null for no cap. */
  perDay: number | null
}

/** True when the calls may be sent. A call once taken is never given back: it may have been sent. */
export async function takeCalls(db: Db, limits: Limits, calls: number, now: number): Promise<boolean> {
  const slot = Math.floor(now / SLOT_MS) * SLOT_MS
  const day = Math.floor(now / DAY_MS) * DAY_MS
  const results = await db.write([
    sql`INSERT INTO budgets (vendor, kind, starts_at, calls)
        SELECT ${limits.vendor}, kind, starts_at, ${calls}
        FROM (SELECT 'slot' AS kind, ${slot} AS starts_at UNION ALL SELECT 'day', ${day})
        WHERE ${spentInWindow(limits.vendor, now)} + ${calls} <= ${limits.perMinute}
          AND (${limits.perDay} IS NULL OR ${spentOnDay(limits.vendor, day)} + ${calls} <= ${limits.perDay})
        ON CONFLICT DO UPDATE SET calls = calls + excluded.calls
        RETURNING kind`,
  ])
  return (results[0]?.length ?? 0) > 0
}

/** Epoch ms at which one more call fits; `now` when it fits already, null when a limit of zero forbids it for good. */
export async function nextCallAt(db: Db, limits: Limits, now: number): Promise<number | null> {
  if (limits.perMinute < 1 || (limits.perDay !== null && limits.perDay < 1)) return null
  const spent = await db.all<{ kind: 'slot' | 'day'; startsAt: number; calls: number }>(sql`
    SELECT kind, starts_at AS startsAt, calls FROM budgets
    WHERE vendor = ${limits.vendor} AND (kind = 'slot' AND starts_at > ${now - WINDOW_MS - SLOT_MS}
      OR kind = 'day' AND starts_at > ${now - DAY_MS}) ORDER BY starts_at`)
  const days = new Map(spent.filter(({ kind }) => kind === 'day').map(({ startsAt, calls }) => [startsAt, calls]))
  const slots = spent.filter(({ kind }) => kind === 'slot')
  // A day that frees the cap may still begin inside a full minute, so both limits are looked at again at each instant.
  for (let at = now; ; ) {
    const day = Math.floor(at / DAY_MS) * DAY_MS
    const counted = slots.filter(({ startsAt }) => startsAt > at - WINDOW_MS - SLOT_MS)
    const inWindow = counted.reduce((sum, { calls }) => sum + calls, 0)
    if (limits.perDay !== null && (days.get(day) ?? 0) >= limits.perDay) at = day + DAY_MS
    else if (inWindow >= limits.perMinute) at = counted[0]!.startsAt + WINDOW_MS + SLOT_MS
    else return at
  }
}

/** Calls of the vendor in its last minute and on its present day. */
export async function callsSpent(db: Db, vendor: string, now: number): Promise<{ minute: number; day: number }> {
  const day = Math.floor(now / DAY_MS) * DAY_MS
  const [row] = await db.all<{ minute: number; day: number }>(
    sql`SELECT ${spentInWindow(vendor, now)} AS minute, ${spentOnDay(vendor, day)} AS day`,
  )
  return row ?? { minute: 0, day: 0 }
}

/** A slot counts until its whole second has left the window; one from a clock that ran ahead counts too. */
const spentInWindow = (vendor: string, now: number) => sql`(SELECT coalesce(sum(calls), 0) FROM budgets
  WHERE vendor = ${vendor} AND kind = 'slot' AND starts_at > ${now - WINDOW_MS - SLOT_MS})`

const spentOnDay = (vendor: string, day: number) => sql`(SELECT coalesce(sum(calls), 0) FROM budgets
  WHERE vendor = ${vendor} AND kind = 'day' AND starts_at = ${day})`
