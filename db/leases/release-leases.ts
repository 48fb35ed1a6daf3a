/** Gives tasks back unfinished, before their time: a graceful stop. The attempt that was counted at the claim is given back too. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

async function release(db: Db, held: SQL, now: number): Promise<number> {
  const results = await db.write([
    sql`UPDATE gap_tasks SET state = 'queued', attempts = attempts - 1, updated_at = ${now}
        WHERE state = 'leased' AND id IN (SELECT task_id FROM leases WHERE ${held}) RETURNING id`,
    sql`DELETE FROM leases WHERE ${held}`,
  ])
  return results[0]?.length ?? 0
}

/** Answers how many tasks the token still held. */
export const releaseLease = (db: Db, token: string, now: number): Promise<number> =>
  release(db, sql`token = ${token}`, now)

/** All that a holder has: whatever it is still doing can no longer be settled. */
export const releaseHolder = (db: Db, holder: string, now: number): Promise<number> =>
  release(db, sql`holder = ${holder}`, now)
