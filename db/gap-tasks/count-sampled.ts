/** How many readings by a second vendor wait that a sample queued. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Below everything else in the lane of the backfill: a sample takes the calls that nothing else needs. */
export const SAMPLE_PRIORITY = -1_000

export async function countSampled(db: Db): Promise<number> {
  // In these words the index of open re-readings is found.
  const [row] = await db.all<{ tasks: number }>(
    sql`SELECT count(*) AS tasks FROM gap_tasks WHERE reason = 're_read' AND done_at IS NULL AND priority = ${SAMPLE_PRIORITY}`,
  )
  return row?.tasks ?? 0
}
