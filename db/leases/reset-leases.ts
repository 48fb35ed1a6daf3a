/** Gives a holder's leases their full length again, because the clock they were reckoned by has been set. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** `leaseExpiresAt` is epoch ms by the clock as it is now, which shows `now`. A live holder loses nothing; a dead one's lapse in their time. */
export async function resetLeases(db: Db, holder: string, now: number, leaseExpiresAt: number): Promise<void> {
  await db.write([
    sql`UPDATE leases SET leased_at = min(leased_at, ${now}), lease_expires_at = ${leaseExpiresAt} WHERE holder = ${holder}`,
  ])
}
