/** What a start makes of instants far ahead: either this clock is wrong or the one that wrote them was. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { COUNTED_MS, PAUSES_AHEAD_MS, SLOTS_AHEAD_MS, slotOf } from './take-calls.ts'

/**
 * Calls of the last minute before such an instant may have been sent just now, so they count as of now; their rows stay, for the clock
 * may be put right. A circuit that no answer can have opened for so long is closed.
 */
export async function distrustClock(db: Db, now: number): Promise<void> {
  await db.write([
    sql`INSERT INTO budgets (vendor, kind, starts_at, calls)
        SELECT b.vendor, 'slot', ${slotOf(now)}, sum(b.calls)
        FROM budgets b JOIN (SELECT vendor, max(starts_at) AS newest FROM budgets WHERE kind = 'slot' GROUP BY vendor) n
          ON n.vendor = b.vendor AND n.newest > ${now + SLOTS_AHEAD_MS}
        WHERE b.kind = 'slot' AND b.starts_at > n.newest - ${COUNTED_MS}
        GROUP BY b.vendor
        ON CONFLICT DO UPDATE SET calls = max(calls, excluded.calls)`,
    sql`UPDATE circuits SET blocked_until = ${now} WHERE blocked_until > ${now + PAUSES_AHEAD_MS}`,
  ])
}
