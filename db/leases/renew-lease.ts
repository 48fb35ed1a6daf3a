/** Puts off the end of a lease whose holder is still at work. A lease that has passed on is not brought back. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Answers how many tasks the token still holds, each now until `leaseExpiresAt` (epoch ms) or its own later end. */
export async function renewLease(db: Db, token: string, leaseExpiresAt: number): Promise<number> {
  const [rows] = await db.write([
    sql`UPDATE leases SET lease_expires_at = max(lease_expires_at, ${leaseExpiresAt}) WHERE token = ${token} RETURNING task_id`,
  ])
  return rows?.length ?? 0
}
