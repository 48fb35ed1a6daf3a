/** How many tasks there are, per dataset, state and last outcome. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { idSlices } from './id-slices.ts'

export interface TaskCount {
  dataset: string
  state: 'queued' | 'leased' | 'done' | 'stalled'
  lastOutcome: string | null
  tasks: number
}

/** Counted slice by slice of the ids, so that the event loop turns in between. */
export async function countTasks(db: Db): Promise<TaskCount[]> {
  const sums = new Map<string, TaskCount>()
  for await (const ids of idSlices(db)) {
    const part = await db.all<TaskCount>(sql`
      SELECT dataset, state, last_outcome AS lastOutcome, sum(cells) AS tasks
      FROM gap_tasks t NOT INDEXED WHERE ${ids} GROUP BY dataset, state, last_outcome`)
    for (const one of part) {
      const key = `${one.dataset} ${one.state} ${one.lastOutcome ?? ''}`
      const sum = sums.get(key)
      if (sum === undefined) sums.set(key, one)
      else sum.tasks += one.tasks
    }
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count)
}

/**
 * Open cells by dataset and month: what the shares of the working set are measured by. A month without any is
 * left out. `done_at IS NULL`, in these words, is what the index of open cells holds.
 */
export async function countOpenByMonth(db: Db): Promise<{ dataset: string; month: string; cells: number }[]> {
  return await db.all(sql`
    SELECT dataset, month, sum(cells) AS cells FROM (
      SELECT dataset, substr(dt, 1, 7) AS month, count(*) AS cells FROM gap_tasks WHERE done_at IS NULL GROUP BY 1, 2
      UNION ALL
      SELECT dataset, substr(dt, 1, 7), sum(cells - 1) FROM gap_tasks WHERE days IS NOT NULL AND done_at IS NULL GROUP BY 1, 2)
    GROUP BY dataset, month`)
}

/** Open cells of all datasets. */
export const countOpenTasks = async (db: Db): Promise<number> =>
  (await countOpenByMonth(db)).reduce((sum, { cells }) => sum + cells, 0)
