/** Ends queued tasks that nobody may take: every vendor that could serve the cells has refused the symbol. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { markAbsent } from '../coverage/mark-absent.ts'
import { dayOf } from '../day-of.ts'
import { splitWithin } from './split-tasks.ts'

/** Cells of one symbol, both ends inclusive, with what their absence is called and when a refusal is doubted again (epoch ms). */
export interface Refused {
  symbol: string
  fromDt: string
  toDt: string
  reason: string
  recheckAt: number
}

/** Returns how many tasks were ended. Present cells and re-readings are left alone. */
export async function settleRefused(
  db: Db,
  dataset: string,
  refused: readonly Refused[],
  now: number,
): Promise<number> {
  if (refused.length === 0) return 0
  const tasks = sql`(SELECT t.id, t.symbol, t.dt, substr(t.dt, 1, 7) AS month, 1 << (${dayOf(sql`t.dt`)} - 1) AS bit,
      r.value->>'reason' AS reason, r.value->>'recheckAt' AS recheck_at
    FROM json_each(${JSON.stringify(refused)}) r CROSS JOIN gap_tasks t ON t.dataset = ${dataset} AND t.symbol = r.value->>'symbol'
      AND t.dt BETWEEN r.value->>'fromDt' AND r.value->>'toDt' AND t.done_at IS NULL
    LEFT JOIN coverage c ON c.dataset = t.dataset AND c.symbol = t.symbol AND c.month = substr(t.dt, 1, 7)
    WHERE t.state = 'queued' AND t.reason IN ('missing', 'recheck', 'manual')
      AND coalesce(c.present >> (${dayOf(sql`t.dt`)} - 1) & 1, 0) = 0)`
  const results = await db.write([
    ...splitWithin(dataset, JSON.stringify(refused)),
    sql`INSERT INTO absences (dataset, symbol, dt, reason, decided_at, recheck_at)
        SELECT ${dataset}, symbol, dt, reason, ${now}, recheck_at FROM ${tasks} WHERE true
        ON CONFLICT DO UPDATE SET reason = excluded.reason, decided_at = excluded.decided_at, recheck_at = excluded.recheck_at`,
    markAbsent(dataset, sql`(SELECT symbol, month, bit AS absent FROM ${tasks})`),
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'refused', updated_at = ${now}
        WHERE id IN (SELECT id FROM ${tasks}) RETURNING id`,
  ])
  return results.at(-1)?.length ?? 0
}
