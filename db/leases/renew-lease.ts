/** Puts off the end of a lease whose holder is still at work. A lease that has passed on is not brought back. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Whether the token still holds anything, now until `leaseExpiresAt` (epoch ms) or its own later end. */
export async function renewLease(db: Db, token: string, leaseExpiresAt: number): Promise<boolean> {
  const [renewed = 0] = await db.change([
    sql`UPDATE leases SET lease_expires_at = max(lease_expires_at, ${leaseExpiresAt}) WHERE token = ${token}`,
  ])
  return renewed > 0
}
