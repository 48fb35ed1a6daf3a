/** Gives absences a better reason, and settles those that were still open: the partitions they lie in are judged again. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { markAbsent } from '../coverage/mark-absent.ts'
import { dayBitOf } from '../gap-tasks/day-mask.ts'
import type { Reclassifiable } from './find-reclassifiable.ts'

export interface Reclassification {
  dataset: string
  cells: readonly Reclassifiable[]
  /** Partitions the cells lie in. */
  partitions: readonly string[]
  now: number
}

/** Reasons that a better one may replace; what was decided otherwise since the cells were found stays. */
const REPLACEABLE = ['VENDOR_EMPTY_ONCE', 'VENDORS_AGREE_EMPTY', 'NO_TRADES', 'NOT_LISTED_YET', 'DELISTED']

/** Returns how many absences have another reason now. Cells somebody is asking about are left to their ending. */
export async function reclassifyAbsences(
  db: Db,
  { dataset, cells, partitions, now }: Reclassification,
): Promise<number> {
  if (cells.length === 0) return 0
  const bits = cells.map(({ symbol, dt, reason }) => ({ symbol, dt, reason, month: dt.slice(0, 7), bit: dayBitOf(dt) }))
  // What is being asked about at this moment will be settled by its answer.
  const named = sql`(SELECT n.value->>'symbol' AS symbol, n.value->>'dt' AS dt, n.value->>'month' AS month, n.value->>'bit' AS bit,
      n.value->>'reason' AS name
    FROM json_each(${JSON.stringify(bits)}) n CROSS JOIN absences a
      ON a.dataset = ${dataset} AND a.symbol = n.value->>'symbol' AND a.dt = n.value->>'dt'
    WHERE a.reason IN (SELECT value FROM json_each(${JSON.stringify(REPLACEABLE)})) AND NOT EXISTS (
      SELECT 1 FROM gap_tasks t WHERE t.dataset = ${dataset} AND t.symbol = a.symbol AND t.dt = a.dt AND t.state = 'leased'))`
  const results = await db.write([
    markAbsent(dataset, sql`(SELECT symbol, month, bit AS absent FROM ${named})`),
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'explained', updated_at = ${now}
        WHERE state = 'queued' AND dataset = ${dataset} AND (symbol, dt) IN (SELECT symbol, dt FROM ${named})`,
    // No row of data changes, so nothing is curated anew: the partitions are only judged again.
    sql`UPDATE partitions SET checked_version = min(checked_version, version - 1)
        WHERE dataset = ${dataset} AND checked_version = version
          AND partition IN (SELECT value FROM json_each(${JSON.stringify(partitions)}))`,
    // Last, because the statements before read the reasons as they were. What one vendor said is confirmed now: no next look.
    sql`UPDATE absences SET recheck_at = CASE reason WHEN 'VENDOR_EMPTY_ONCE' THEN NULL ELSE recheck_at END, reason = v.name
        FROM ${named} v WHERE absences.dataset = ${dataset} AND absences.symbol = v.symbol AND absences.dt = v.dt
          AND reason <> v.name RETURNING absences.dt`,
  ])
  return results.at(-1)?.length ?? 0
}
