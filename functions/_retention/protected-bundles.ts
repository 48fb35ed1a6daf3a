/** Which bundles may not be removed, whatever the days that are kept. */
import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import type { Dt } from '../_market/dt.ts'

const DAY_MS = 86_400_000

/** The newest one, those that somebody acknowledged lately, and those that are so young that whoever pulls them may not have come to it. */
export async function protectedBundles(db: Db, now: number, graceDays: number): Promise<Set<Dt>> {
  const grace = now - graceDays * DAY_MS
  const rows = await db.all<{ asof: string }>(
    sql`SELECT asof FROM exports WHERE made_at > ${grace} OR asof = (SELECT max(asof) FROM exports)
        OR asof IN (SELECT asof FROM acks WHERE at > ${grace})`,
  )
  return new Set(rows.map(({ asof }) => asof))
}
