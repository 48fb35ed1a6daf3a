/** Moves queued tasks forward, never back: a higher priority, or lane `today`. Re-readings keep their place. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { splitWithin } from './split-tasks.ts'

/** Days are inclusive. Returns how many tasks moved. */
export async function bumpPriority(
  db: Db,
  dataset: string,
  range: { symbols: readonly string[]; fromDt: string; toDt: string },
  place: { lane: 'today' | 'backfill'; priority: number },
  now: number,
): Promise<number> {
  const { symbols, fromDt, toDt } = range
  const results = await db.write([
    ...splitWithin(dataset, JSON.stringify(symbols.map((symbol) => ({ symbol, fromDt, toDt })))),
    sql`UPDATE gap_tasks SET priority = max(priority, ${place.priority}), updated_at = ${now},
          lane = CASE WHEN ${place.lane} = 'today' THEN 'today' ELSE lane END
        WHERE id IN (SELECT t.id FROM json_each(${JSON.stringify(symbols)}) s CROSS JOIN gap_tasks t
            ON t.dataset = ${dataset} AND t.symbol = s.value AND t.dt BETWEEN ${fromDt} AND ${toDt}
          WHERE t.done_at IS NULL AND t.state = 'queued' AND t.reason <> 're_read')
          AND (priority < ${place.priority} OR lane <> 'today' AND ${place.lane} = 'today')
        RETURNING id`,
  ])
  return results.at(-1)?.length ?? 0
}
