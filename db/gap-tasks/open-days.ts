/** The days of a dataset for which something is queued or under way. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayBitOf, daysOf } from './day-mask.ts'

/** Stalled tasks do not count: they are tried again at long intervals, some for ever. */
export async function openDays(db: Db, dataset: string): Promise<Set<string>> {
  const rows = await db.all<{ dt: string; days: number | null }>(sql`
    SELECT DISTINCT dt, days FROM gap_tasks
    WHERE dataset = ${dataset} AND done_at IS NULL AND state IN ('queued', 'leased')`)
  return new Set(rows.flatMap(({ dt, days }) => daysOf(dt.slice(0, 7), days ?? dayBitOf(dt))))
}
