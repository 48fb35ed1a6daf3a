/** Leases tasks to one holder under one token: whoever else wanted them finds them gone. Counts the attempt before it is made. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { heldBy } from '../leases/held-tasks.ts'
import { preparedSql, type Statement } from '../prepared.ts'
import { asTask } from './day-mask.ts'
import { fromWhole, inherited, sortKeyLike } from './split-tasks.ts'

export interface ClaimRequest {
  /** Tasks of a single day. */
  ids: readonly number[]
  /** Of tasks of several days those that are wanted; the others stay queued as a task of their own. */
  parts?: readonly PartOfTask[]
  vendor: string
  token: string
  holder: string
  now: number
  leaseExpiresAt: number
}

export interface PartOfTask {
  id: number
  /** As it was read: a task that has been cut since is not taken. */
  dt: string
  days: number
  /** Some of its days, or all. */
  wanted: number
}

/** Tasks of one write: many would keep every other request waiting. What is claimed when a run is killed lapses as the rest does. */
const AT_ONCE = 5_000

/** Returns the ids that were still free and are now leased. */
export async function claimTasks(db: Db, claim: ClaimRequest): Promise<Set<number>> {
  const taken = new Set<number>()
  const ids = [...new Set(claim.ids)]
  const parts = claim.parts ?? []
  for (let at = 0; at < Math.max(ids.length, parts.length); at += AT_ONCE) {
    const part = { ...claim, ids: ids.slice(at, at + AT_ONCE), parts: parts.slice(at, at + AT_ONCE) }
    for (const id of await claimPart(db, part)) taken.add(id)
  }
  return taken
}

async function claimPart(
  db: Db,
  { ids, parts, ...claim }: ClaimRequest & Required<Pick<ClaimRequest, 'parts'>>,
): Promise<readonly number[]> {
  const all = [...ids, ...parts.map(({ id }) => id)]
  const wanted = { ...claim, ids: JSON.stringify(all) }
  // With the power every lease of a local file is lost anyway, and the call's budget is on the disk, and this with it, before it is sent.
  const [, ...counts] = await db.change(
    [
      takeLease(wanted),
      ...(ids.length === 0 ? [] : [lease({ ...wanted, ids: JSON.stringify(ids) })]),
      ...(parts.length === 0 ? [] : cut({ ...wanted, parts: JSON.stringify(parts.map(cutOf)) })),
    ],
    { isSynced: false },
  )
  const taken = (ids.length === 0 ? 0 : counts[0]!) + (parts.length === 0 ? 0 : counts.at(-2)!)
  if (taken === all.length) return all
  return (await db.all<{ id: number }>(mine(wanted))).map(({ id }) => id)
}

type Wanted = Exclude<keyof ClaimRequest, 'parts'>

/** No lease where there is nothing to hold. */
const takeLease = preparedSql<Wanted>(
  ({ ids, vendor, token, holder, now, leaseExpiresAt }) => sql`
    INSERT INTO leases (vendor, token, holder, leased_at, lease_expires_at, tasks)
    SELECT ${vendor}, ${token}, ${holder}, ${now}, ${leaseExpiresAt}, ${ids} WHERE EXISTS (
      SELECT 1 FROM json_each(${ids}) w CROSS JOIN gap_tasks t ON t.id = w.value WHERE t.state = 'queued')`,
)

/** Only what was queued: a claim whose answer was lost and that is sent again counts no second attempt. */
const lease = preparedSql<Wanted>(
  ({ ids, token, now }) => sql`
    UPDATE gap_tasks SET state = 'leased', lease = (SELECT max(id) FROM leases WHERE token = ${token}), attempts = attempts + 1, updated_at = ${now}
    WHERE state = 'queued' AND id IN (SELECT value FROM json_each(${ids}))`,
)

/** The id, the days as they were read, the task that is leased, and the one that is left. */
function cutOf({ id, dt, days, wanted }: PartOfTask): (number | string | null)[] {
  const taken = asTask(dt, wanted)
  const rest = wanted === days ? { dt: null, days: null, cells: 0 } : asTask(dt, days & ~wanted)
  return [id, days, taken.dt, taken.days, taken.cells, rest.dt, rest.days, rest.cells]
}

/** First the days that are taken, then, of what was taken just now, a task of those that are not. */
function cut(wanted: Record<Wanted | 'parts', string | number>): [Statement, Statement] {
  return [leaseDays(wanted), queueRest(wanted)]
}

const leaseDays = preparedSql<Wanted | 'parts'>(
  ({ parts, token, now }) => sql`
    UPDATE gap_tasks AS t SET state = 'leased', lease = (SELECT max(id) FROM leases WHERE token = ${token}), attempts = attempts + 1,
      updated_at = ${now}, dt = p.dt, days = p.days, cells = p.cells, sort_key = ${sortKeyLike(sql`p.dt`)}
    FROM (SELECT value->>0 AS id, value->>1 AS known, value->>2 AS dt, value->>3 AS days, value->>4 AS cells FROM json_each(${parts}) LIMIT -1) p
    WHERE t.id = p.id AND t.state = 'queued' AND t.days = p.known`,
)

const queueRest = preparedSql<Wanted | 'parts'>(
  ({ parts, token, now }) => sql`
    INSERT INTO gap_tasks (${inherited}, dt, days, cells, sort_key, state, attempts, next_at, last_outcome, updated_at)
    SELECT ${fromWhole}, p.rest, p.days, p.cells, ${sortKeyLike(sql`p.rest`)}, 'queued', t.attempts - 1, t.next_at, t.last_outcome, ${now}
    FROM (SELECT value->>0 AS id, value->>5 AS rest, value->>6 AS days, value->>7 AS cells FROM json_each(${parts}) LIMIT -1) p
      CROSS JOIN gap_tasks t ON t.id = p.id
    WHERE p.cells > 0 AND t.lease = (SELECT max(id) FROM leases WHERE token = ${token}) AND changes() > 0`,
)

const mine = preparedSql<Wanted>(
  ({ ids, token }) =>
    sql`SELECT t.id ${heldBy(sql`l.token = ${token}`)} AND t.id IN (SELECT value FROM json_each(${ids}))`,
)
