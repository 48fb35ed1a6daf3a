/** Gives tasks back unfinished, before their time: a graceful stop. The attempt that was counted at the claim is given back too. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { heldBy } from './held-tasks.ts'

async function release(db: Db, which: SQL, now: number): Promise<number> {
  const [released = []] = await db.write([
    sql`UPDATE gap_tasks SET state = 'queued', lease = NULL, attempts = attempts - 1, updated_at = ${now}
        WHERE id IN (SELECT t.id ${heldBy(which)}) RETURNING cells`,
    sql`DELETE FROM leases AS l WHERE ${which}`,
  ])
  return released.reduce((sum, { cells }) => sum + Number(cells), 0)
}

/** Returns how many tasks the token still held. */
export const releaseLease = (db: Db, token: string, now: number): Promise<number> =>
  release(db, sql`l.token = ${token}`, now)

/** All that a holder has: whatever it is still doing can no longer be settled. */
export const releaseHolder = (db: Db, holder: string, now: number): Promise<number> =>
  release(db, sql`l.holder = ${holder}`, now)
