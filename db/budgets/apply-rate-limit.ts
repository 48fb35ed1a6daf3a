/** What a vendor says of its own budget: a pause it asks for, and room that is smaller than we thought. Neither ever gives calls back. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { COUNTED_MS, countAtLeast, type Limits, SLOT_MS, slotOf } from './take-calls.ts'

/** Nothing is granted before `until`, epoch ms, to any worker of any process; a shorter pause does not end a longer one. */
export async function pauseUntil(db: Db, vendor: string, until: number): Promise<void> {
  await db.write([
    sql`INSERT INTO budgets (vendor, kind, starts_at, calls) VALUES (${vendor}, 'pause', ${until}, 1) ON CONFLICT DO NOTHING`,
  ])
}

/**
 * The vendor has `remaining` calls left where we may think there are more: somebody else uses the same key, or our clock is wrong. The
 * difference counts as spent until `resetAt` where the vendor names an instant of the next minute, else for a whole minute. More room
 * than we thought changes nothing.
 */
export async function reduceRemaining(
  db: Db,
  limits: Pick<Limits, 'vendor' | 'perMinute'>,
  remaining: number,
  resetAt: number | null,
  now: number,
): Promise<void> {
  const isSoon = resetAt !== null && resetAt > now && resetAt <= now + COUNTED_MS
  // The slot that leaves the window at that instant, or just after it.
  const slot = isSoon ? Math.ceil((resetAt - COUNTED_MS) / SLOT_MS) * SLOT_MS : slotOf(now)
  await db.write([countAtLeast(limits.vendor, limits.perMinute - remaining, slot, now)])
}
