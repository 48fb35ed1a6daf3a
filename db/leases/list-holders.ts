/** Who works on what: one row per call under way. The token, which is a right, stays where it is. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { lastDay } from '../gap-tasks/split-tasks.ts'
import { heldBy } from './held-tasks.ts'

/** Instants are epoch ms. */
export interface Holder {
  holder: string
  vendor: string
  dataset: string
  tasks: number
  oldestDt: string
  newestDt: string
  leasedAt: number
  leaseExpiresAt: number
}

/** The longest held first. */
export const listHolders = (db: Db, limit: number): Promise<Holder[]> =>
  db.all<Holder>(sql`
    SELECT l.holder, l.vendor, t.dataset, sum(t.cells) AS tasks, min(t.dt) AS oldestDt, max(${lastDay}) AS newestDt,
           min(l.leased_at) AS leasedAt, max(l.lease_expires_at) AS leaseExpiresAt
    ${heldBy(sql`true`)}
    GROUP BY l.token, t.dataset ORDER BY leasedAt, l.token LIMIT ${limit}`)
