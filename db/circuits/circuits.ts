/** Leaving a vendor alone: after failures in a row, or because it asked for it. One row per vendor, shared by all workers. */
import { and, eq, gt, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { circuits } from './table.ts'

/** Failures in a row that open a vendor's circuit. */
export const FAILURES_TO_OPEN = 3

export interface Circuit {
  vendor: string
  failures: number
  blockedUntil: number
  why: string
}

export const listCircuits = async (db: Db): Promise<Circuit[]> =>
  db.orm.select().from(circuits).orderBy(circuits.vendor)

/** One more failure in a row; returns how many there are now. */
export async function countFailure(db: Db, vendor: string, why: string): Promise<number> {
  const [rows] = await db.write([
    sql`INSERT INTO circuits (vendor, failures, blocked_until, why) VALUES (${vendor}, 1, 0, ${why})
        ON CONFLICT DO UPDATE SET failures = failures + 1, why = excluded.why RETURNING failures`,
  ])
  return Number(rows?.[0]?.failures ?? 1)
}

/** Sends nothing to the vendor before `until`; never shortens a block that is already there. */
export async function blockVendor(db: Db, vendor: string, until: number, why: string): Promise<void> {
  await db.write([
    sql`INSERT INTO circuits (vendor, failures, blocked_until, why) VALUES (${vendor}, 0, ${until}, ${why})
        ON CONFLICT DO UPDATE SET blocked_until = max(blocked_until, excluded.blocked_until), why = excluded.why`,
  ])
}

/** The vendor answered: failures in a row start again from none. */
export async function closeCircuit(db: Db, vendor: string): Promise<void> {
  await db.orm
    .update(circuits)
    .set({ failures: 0 })
    .where(and(eq(circuits.vendor, vendor), gt(circuits.failures, 0)))
}
