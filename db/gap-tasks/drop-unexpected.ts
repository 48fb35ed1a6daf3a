/** Ends queued tasks whose cells nobody expects any more: a symbol left the universe, or the depth moved on. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { ExpectedLife } from '../coverage/find-gaps.ts'

/**
 * Answers how many tasks were ended. `lives` speak for days up to `asof`, later ones are left alone. Tasks somebody works on are left
 * to their ending.
 */
export async function dropUnexpected(
  db: Db,
  dataset: string,
  lives: readonly ExpectedLife[],
  asof: string,
  now: number,
): Promise<number> {
  const outside = await symbolsOutside(db, dataset, lives, asof)
  if (outside.length === 0) return 0
  const [rows] = await db.write([
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'not_expected', updated_at = ${now}
        WHERE id IN (
          SELECT t.id FROM json_each(${JSON.stringify(outside)}) o CROSS JOIN gap_tasks t
          WHERE t.dataset = ${dataset} AND t.symbol = o.value->>'symbol' AND t.dt <= ${asof}
            AND t.done_at IS NULL AND t.state IN ('queued', 'stalled')
            AND (t.dt < o.value->>'fromDt' OR t.dt > o.value->>'toDt'))
        RETURNING id`,
  ])
  return rows?.length ?? 0
}

/**
 * Symbols with an open task outside their life, with that life; an empty one where the symbol has none. Steps from symbol to symbol along
 * the index of open cells and looks at each one's first and last day: a full queue costs no more than an almost empty one.
 */
async function symbolsOutside(
  db: Db,
  dataset: string,
  lives: readonly ExpectedLife[],
  asof: string,
): Promise<ExpectedLife[]> {
  const open = sql`FROM gap_tasks WHERE dataset = ${dataset} AND done_at IS NULL`
  const spans = await db.all<{ symbol: string; first: string; last: string | null }>(sql`
    WITH RECURSIVE queued AS (
      SELECT min(symbol) AS symbol ${open}
      UNION ALL
      SELECT (SELECT min(symbol) ${open} AND symbol > queued.symbol) FROM queued WHERE queued.symbol IS NOT NULL)
    SELECT symbol, (SELECT min(dt) ${open} AND symbol = queued.symbol) AS first,
      (SELECT max(dt) ${open} AND symbol = queued.symbol AND dt <= ${asof}) AS last
    FROM queued WHERE symbol IS NOT NULL`)
  const lifeOf = new Map(lives.map((life) => [life.symbol, life]))
  return spans.flatMap(({ symbol, first, last }) => {
    const life = lifeOf.get(symbol) ?? { symbol, fromDt: '9999-12-31', toDt: '0000-01-01' }
    return last !== null && (first < life.fromDt || last > life.toDt) ? [life] : []
  })
}
