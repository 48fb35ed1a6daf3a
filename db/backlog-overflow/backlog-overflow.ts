/** Which ranges of which datasets have gaps that are not on the queue yet. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { backlogOverflow } from './table.ts'

export interface OverflowRange {
  dataset: string
  fromDt: string
  toDt: string
  isRecent: boolean
  /** Epoch ms. */
  asOf: number
  allowed: number | null
}

export const listOverflow = async (db: Db): Promise<OverflowRange[]> => db.orm.select().from(backlogOverflow)

/** Replaces what is noted of a dataset; without ranges, all its gaps are on the queue, or what its policy allows of them. */
export async function replaceOverflow(db: Db, dataset: string, ranges: readonly OverflowRange[]): Promise<void> {
  await db.write([
    sql`DELETE FROM backlog_overflow WHERE dataset = ${dataset}`,
    ...ranges.map(
      ({ fromDt, toDt, isRecent, asOf, allowed }) => sql`
        INSERT INTO backlog_overflow (dataset, from_dt, to_dt, is_recent, as_of, allowed)
        VALUES (${dataset}, ${fromDt}, ${toDt}, ${isRecent ? 1 : 0}, ${asOf}, ${allowed})`,
    ),
  ])
}
