/** Which datasets have gaps that are not on the queue yet. */
import { eq, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { unqueued } from './table.ts'

export interface Unqueued {
  dataset: string
  /** Epoch ms. */
  night: number
  allowed: number | null
}

export const listUnqueued = async (db: Db): Promise<Unqueued[]> => db.orm.select().from(unqueued)

export async function noteUnqueued(db: Db, { dataset, night, allowed }: Unqueued): Promise<void> {
  await db.write([
    sql`INSERT INTO unqueued (dataset, night, allowed) VALUES (${dataset}, ${night}, ${allowed})
        ON CONFLICT DO UPDATE SET night = excluded.night, allowed = excluded.allowed`,
  ])
}

/** All gaps of a dataset are on the queue, or what its policy allows of them. */
export async function forgetUnqueued(db: Db, dataset: string): Promise<void> {
  await db.write([db.orm.delete(unqueued).where(eq(unqueued.dataset, dataset))])
}
