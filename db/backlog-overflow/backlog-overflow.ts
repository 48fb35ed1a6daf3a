/** Which datasets have gaps that are not on the queue yet. */
import { eq, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { backlogOverflow } from './table.ts'

export interface OverflowDataset {
  dataset: string
  /** Epoch ms. */
  asOf: number
  allowed: number | null
}

export const listOverflow = async (db: Db): Promise<OverflowDataset[]> => db.orm.select().from(backlogOverflow)

export async function recordOverflow(db: Db, { dataset, asOf, allowed }: OverflowDataset): Promise<void> {
  await db.write([
    sql`INSERT INTO backlog_overflow (dataset, as_of, allowed) VALUES (${dataset}, ${asOf}, ${allowed})
        ON CONFLICT DO UPDATE SET as_of = excluded.as_of, allowed = excluded.allowed`,
  ])
}

/** All gaps of a dataset are on the queue, or what its policy allows of them. */
export async function clearOverflow(db: Db, dataset: string): Promise<void> {
  await db.write([db.orm.delete(backlogOverflow).where(eq(backlogOverflow.dataset, dataset))])
}
