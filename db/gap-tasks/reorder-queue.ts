/** The sort key: the order of days among tasks of one lane and priority, and changing it for tasks that are queued already. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** The sort key of a day (an SQL text `YYYY-MM-DD`): 20240705, or its negative where newer days come first. */
export const sortKeyOf = (dt: SQL, newestFirst: boolean): SQL =>
  sql`CAST(replace(${dt}, '-', '') AS INTEGER) * ${newestFirst ? sql`-1` : sql`1`}`

/** Puts the queued tasks of a dataset into the wanted order; returns how many had another. Reads the queue's index alone where none has. */
export async function reorderQueue(db: Db, dataset: string, newestFirst: boolean): Promise<number> {
  const isTurned = newestFirst ? sql`sort_key >= 0` : sql`sort_key <= 0`
  const [rows] = await db.write([
    sql`UPDATE gap_tasks SET sort_key = ${sortKeyOf(sql`dt`, newestFirst)}
        WHERE state = 'queued' AND dataset = ${dataset} AND ${isTurned} RETURNING id`,
  ])
  return rows?.length ?? 0
}
