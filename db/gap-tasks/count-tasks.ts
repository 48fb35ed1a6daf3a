/** How many tasks there are, per dataset, state and last outcome. */
import { count, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { gapTasks } from './table.ts'

export interface TaskCount {
  dataset: string
  state: 'queued' | 'leased' | 'done' | 'stalled'
  lastOutcome: string | null
  tasks: number
}

export const countTasks = async (db: Db): Promise<TaskCount[]> => {
  const { dataset, state, lastOutcome } = gapTasks
  return await db.orm
    .select({ dataset, state, lastOutcome, tasks: count() })
    .from(gapTasks)
    .groupBy(dataset, state, lastOutcome)
    .orderBy(dataset, state, lastOutcome)
}

/** Open tasks of all datasets: what the working set is measured by. `state <> 'done'` in these words is what the index of open cells holds. */
export const countOpenTasks = async (db: Db): Promise<number> => db.orm.$count(gapTasks, sql`state <> 'done'`)
