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
    sql`UPDATE gap_tasks SET state = 'leased', attempts = attempts + 1, updated_at = ${claim.now}
        WHERE id IN (SELECT task_id FROM leases WHERE token = ${claim.token})
        RETURNING id`,
  ])
  return new Set((results[1] ?? []).map((row) => Number(row.id)))
}
