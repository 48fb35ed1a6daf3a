/** How many tasks there are, per dataset, state and last outcome. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface TaskCount {
  dataset: string
  state: 'queued' | 'leased' | 'done' | 'stalled'
  lastOutcome: string | null
  tasks: number
}

export const countTasks = (db: Db): Promise<TaskCount[]> =>
  db.all<TaskCount>(sql`SELECT dataset, state, last_outcome AS lastOutcome, count(*) AS tasks
    FROM gap_tasks GROUP BY dataset, state, last_outcome ORDER BY dataset, state, last_outcome`)

/** Open tasks of all datasets: what the working set is measured by. */
export async function countOpenTasks(db: Db): Promise<number> {
  const [row] = await db.all<{ tasks: number }>(sql`SELECT count(*) AS tasks FROM gap_tasks WHERE state <> 'done'`)
  return row?.tasks ?? 0
}
