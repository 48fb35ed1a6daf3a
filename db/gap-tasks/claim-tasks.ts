/** Leases tasks to one holder under one token: whoever else wanted them finds them gone. Counts the attempt before it is made. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface ClaimRequest {
  ids: readonly number[]
  vendor: string
  token: string
  holder: string
  now: number
  leaseExpiresAt: number
}

/** Answers the ids that were still free and are now leased. */
export async function claimTasks(db: Db, claim: ClaimRequest): Promise<Set<number>> {
  const ids = JSON.stringify(claim.ids)
  const results = await db.write([
    sql`INSERT INTO leases (task_id, vendor, token, holder, leased_at, lease_expires_at)
        SELECT t.id, ${claim.vendor}, ${claim.token}, ${claim.holder}, ${claim.now}, ${claim.leaseExpiresAt}
        FROM json_each(${ids}) wanted CROSS JOIN gap_tasks t ON t.id = wanted.value
        WHERE t.state = 'queued'
        ON CONFLICT DO NOTHING`,
    // Only what was queued: a claim whose answer was lost and that is sent again counts no second attempt.
    sql`UPDATE gap_tasks SET state = 'leased', attempts = attempts + 1, updated_at = ${claim.now}
        WHERE state = 'queued' AND id IN (SELECT task_id FROM leases WHERE token = ${claim.token})`,
    sql`SELECT task_id AS id FROM leases WHERE token = ${claim.token}`,
  ])
  return new Set((results[2] ?? []).map((row) => Number(row.id)))
}
