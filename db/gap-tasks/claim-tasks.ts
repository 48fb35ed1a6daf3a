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

/** Tasks of one write: many would keep every other request waiting. What is claimed when a run is killed lapses as the rest does. */
const AT_ONCE = 2_000

/** Answers the ids that were still free and are now leased. */
export async function claimTasks(db: Db, claim: ClaimRequest): Promise<Set<number>> {
  const taken = new Set<number>()
  for (let at = 0; at < claim.ids.length; at += AT_ONCE) {
    for (const id of await claimPart(db, claim, claim.ids.slice(at, at + AT_ONCE))) taken.add(id)
  }
  return taken
}

async function claimPart(db: Db, claim: ClaimRequest, part: readonly number[]): Promise<number[]> {
  const wanted = sql`json_each(${JSON.stringify(part)}) wanted`
  const mine = sql`SELECT l.task_id AS id FROM ${wanted} CROSS JOIN leases l ON l.task_id = wanted.value WHERE l.token = ${claim.token}`
  const results = await db.write([
    sql`INSERT INTO leases (task_id, vendor, token, holder, leased_at, lease_expires_at)
        SELECT t.id, ${claim.vendor}, ${claim.token}, ${claim.holder}, ${claim.now}, ${claim.leaseExpiresAt}
        FROM ${wanted} CROSS JOIN gap_tasks t ON t.id = wanted.value
        WHERE t.state = 'queued'
        ON CONFLICT DO NOTHING`,
    // Only what was queued: a claim whose answer was lost and that is sent again counts no second attempt.
    sql`UPDATE gap_tasks SET state = 'leased', attempts = attempts + 1, updated_at = ${claim.now}
        WHERE state = 'queued' AND id IN (${mine})`,
    mine,
  ])
  return (results[2] ?? []).map((row) => Number(row.id))
}
