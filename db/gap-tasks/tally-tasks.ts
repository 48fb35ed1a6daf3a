/** Open tasks, a day each, counted by dataset, lane, state and reason. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { idSlices } from './id-slices.ts'
import { daysWithin, lastDay } from './split-tasks.ts'

export interface TaskFilter {
  dataset?: string
  state?: 'queued' | 'leased' | 'stalled'
  symbol?: string
  /** Days, both inclusive. */
  fromDt?: string
  toDt?: string
}

export interface TaskTally {
  dataset: string
  lane: 'today' | 'backfill'
  state: 'queued' | 'leased' | 'stalled'
  reason: string
  tasks: number
  oldestDt: string
  newestDt: string
  /** The earliest instant at which one of them may be taken, epoch ms. */
  nextAt: number
}

/** Every open task is counted once; the event loop turns between the slices. */
export async function tallyTasks(db: Db, filter: TaskFilter): Promise<TaskTally[]> {
  const sums = new Map<string, TaskTally>()
  if (filter.state === 'stalled' || (filter.dataset !== undefined && filter.symbol !== undefined)) {
    // An index of its own holds what is stalled, another one the open cells of a symbol.
    for (const part of await tallyOf(
      db,
      filter.state === 'stalled' ? sql`t.state = 'stalled'` : sql`t.done_at IS NULL`,
      filter,
    )) {
      addTo(sums, part)
    }
    return sorted(sums)
  }
  for await (const ids of idSlices(db)) {
    const slice = await tallyOf(db, sql`${ids} AND t.done_at IS NULL`, filter, sql`NOT INDEXED`)
    for (const part of slice) addTo(sums, part)
  }
  return sorted(sums)
}

const tallyOf = (db: Db, which: SQL, filter: TaskFilter, how = sql``): Promise<TaskTally[]> =>
  db.all<TaskTally>(sql`
    SELECT dataset, lane, state, reason, sum(${within(filter)}) AS tasks, min(dt) AS oldestDt, max(${lastDay}) AS newestDt, min(next_at) AS nextAt
    FROM gap_tasks t ${how} WHERE ${which} ${narrowedBy(filter)} GROUP BY dataset, lane, state, reason`)

/** How many days of a task t lie within a filter's. */
const within = ({ fromDt, toDt }: TaskFilter): SQL =>
  fromDt === undefined && toDt === undefined ? sql`t.cells` : daysWithin(fromDt ?? '0000-01-01', toDt ?? '9999-12-31')

function sorted(sums: ReadonlyMap<string, TaskTally>): TaskTally[] {
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, tally]) => tally)
}

function addTo(sums: Map<string, TaskTally>, part: TaskTally): void {
  const key = `${part.dataset} ${part.lane} ${part.state} ${part.reason}`
  const sum = sums.get(key)
  if (sum === undefined) {
    sums.set(key, part)
    return
  }
  sum.tasks += part.tasks
  if (part.oldestDt < sum.oldestDt) sum.oldestDt = part.oldestDt
  if (part.newestDt > sum.newestDt) sum.newestDt = part.newestDt
  sum.nextAt = Math.min(sum.nextAt, part.nextAt)
}

/** ` AND …` over gap_tasks as t. */
export function narrowedBy({ dataset, state, symbol, fromDt, toDt }: TaskFilter): SQL {
  const rules = [
    ...(dataset === undefined ? [] : [sql`AND t.dataset = ${dataset}`]),
    ...(state === undefined ? [] : [sql`AND t.state = ${state}`]),
    ...(symbol === undefined ? [] : [sql`AND t.symbol = ${symbol}`]),
    ...(fromDt === undefined ? [] : [sql`AND ${lastDay} >= ${fromDt}`]),
    ...(toDt === undefined ? [] : [sql`AND t.dt <= ${toDt}`]),
  ]
  return sql.join(rules, sql` `)
}
