/** The datasets that have open tasks. Steps from dataset to dataset along the index of open cells. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export async function openDatasets(db: Db): Promise<string[]> {
  const open = sql`FROM gap_tasks WHERE done_at IS NULL`
  const found = await db.all<{ dataset: string }>(sql`
    WITH RECURSIVE queued AS (
      SELECT min(dataset) AS dataset ${open}
      UNION ALL
      SELECT (SELECT min(dataset) ${open} AND dataset > queued.dataset) FROM queued WHERE queued.dataset IS NOT NULL)
    SELECT dataset FROM queued WHERE dataset IS NOT NULL`)
  return found.map(({ dataset }) => dataset)
}
