/** Ends queued tasks whose cells nobody expects any more: a symbol left the universe, or the depth moved on. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { ExpectedLife } from '../coverage/find-gaps.ts'

/** Answers how many tasks were ended. `lives` speak for days up to `asof`, later ones are left alone. Tasks somebody works on are left to their ending. */
export async function dropUnexpected(
  db: Db,
  dataset: string,
  lives: readonly ExpectedLife[],
  asof: string,
  now: number,
): Promise<number> {
  const [rows] = await db.write([
    sql`WITH lives AS MATERIALIZED (SELECT value->>'symbol' AS symbol, value->>'fromDt' AS from_dt, value->>'toDt' AS to_dt
          FROM json_each(${JSON.stringify(lives)}))
        UPDATE gap_tasks SET state = 'done', last_outcome = 'not_expected', updated_at = ${now}
        WHERE id IN (
          SELECT t.id FROM gap_tasks t LEFT JOIN lives l ON l.symbol = t.symbol AND t.dt BETWEEN l.from_dt AND l.to_dt
          WHERE t.dataset = ${dataset} AND t.dt <= ${asof} AND t.state IN ('queued', 'stalled') AND l.symbol IS NULL)
        RETURNING id`,
  ])
  return rows?.length ?? 0
}
