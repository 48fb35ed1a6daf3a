/** How many cells of some days were given up and wait for a person. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export async function countStalled(db: Db, dataset: string, fromDt: string, toDt: string): Promise<number> {
  // A re-reading that came to nothing is stalled too, but its cell is present.
  const [row] = await db.all<{ tasks: number }>(sql`
    SELECT count(*) AS tasks FROM gap_tasks
    WHERE state = 'stalled' AND dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt} AND reason <> 're_read'`)
  return row?.tasks ?? 0
}
