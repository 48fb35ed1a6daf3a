/** Leases tasks to one holder under one token: whoever else wanted them finds them gone. Counts the attempt before it is made. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { fixed } from '../compile.ts'
import { heldBy } from '../leases/held-tasks.ts'

export interface ClaimRequest {
  ids: readonly number[]
  vendor: string
  token: string
  holder: string
  now: number
  leaseExpiresAt: number
}

/** Tasks of one write: many would keep every other request waiting. What is claimed when a run is killed lapses as the rest does. */
const AT_ONCE = 5_000

/** Answers the ids that were still free and are now leased. */
export async function claimTasks(db: Db, claim: ClaimRequest): Promise<Set<number>> {
  const taken = new Set<number>()
  const ids = [...new Set(claim.ids)]
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    for (const id of await claimPart(db, claim, ids.slice(at, at + AT_ONCE))) taken.add(id)
  }
  return taken
}

async function claimPart(
  db: Db,
  { ids: _, ...claim }: ClaimRequest,
  part: readonly number[],
): Promise<readonly number[]> {
  const wanted = { ...claim, ids: JSON.stringify(part) }
  const [, taken] = await db.change([takeLease(wanted), lease(wanted)])
  if (taken === part.length) return part
  return (await db.all<{ id: number }>(mine(wanted))).map(({ id }) => id)
}

type Wanted = Exclude<keyof ClaimRequest, 'ids'> | 'ids'

/** No lease where there is nothing to hold. */
const takeLease = fixed<Wanted>(
  ({ ids, vendor, token, holder, now, leaseExpiresAt }) => sql`
    INSERT INTO leases (vendor, token, holder, leased_at, lease_expires_at, tasks)
    SELECT ${vendor}, ${token}, ${holder}, ${now}, ${leaseExpiresAt}, ${ids} WHERE EXISTS (
      SELECT 1 FROM json_each(${ids}) w CROSS JOIN gap_tasks t ON t.id = w.value WHERE t.state = 'queued')`,
)

/** Only what was queued: a claim whose answer was lost and that is sent again counts no second attempt. */
const lease = fixed<Wanted>(
  ({ ids, token, now }) => sql`
    UPDATE gap_tasks SET state = 'leased', lease = (SELECT max(id) FROM leases WHERE token = ${token}), attempts = attempts + 1, updated_at = ${now}
    WHERE state = 'queued' AND id IN (SELECT value FROM json_each(${ids}))`,
)

const mine = fixed<Wanted>(
  ({ ids, token }) =>
    sql`SELECT t.id ${heldBy(sql`l.token = ${token}`)} AND t.id IN (SELECT value FROM json_each(${ids}))`,
)
