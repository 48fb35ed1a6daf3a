/** How many open tasks there are of each day, by what has become of them. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayBitOf, daysOf } from './day-mask.ts'

export interface OpenOfDay {
  /** Queued or under way, for cells that were asked for before as well as for gaps. */
  queued: number
  /** Of these, those for gaps. */
  gaps: number
  /** Given up, and tried again at long intervals. */
  stalled: number
}

/** Asked for again although something is there, or explained. */
const AGAIN = sql`reason IN ('re_read', 'second_opinion', 'recheck')`

/** Days between two, both inclusive. */
export async function tallyOpenDays(
  db: Db,
  dataset: string,
  fromDt: string,
  toDt: string,
): Promise<Map<string, OpenOfDay>> {
  const rows = await db.all<{ dt: string; days: number | null; isStalled: 0 | 1; isGap: 0 | 1; tasks: number }>(sql`
    SELECT dt, days, state = 'stalled' AS isStalled, NOT ${AGAIN} AS isGap, count(*) AS tasks FROM gap_tasks
    WHERE dataset = ${dataset} AND done_at IS NULL AND dt BETWEEN substr(${fromDt}, 1, 7) AND ${toDt} GROUP BY 1, 2, 3, 4`)
  const tally = new Map<string, OpenOfDay>()
  for (const { dt, days, isStalled, isGap, tasks } of rows) {
    for (const day of daysOf(dt.slice(0, 7), days ?? dayBitOf(dt))) {
      if (day < fromDt || day > toDt) continue
      const open = tally.get(day) ?? { queued: 0, gaps: 0, stalled: 0 }
      if (isStalled === 1) open.stalled += tasks
      else {
        open.queued += tasks
        open.gaps += isGap * tasks
      }
      tally.set(day, open)
    }
  }
  return tally
}
