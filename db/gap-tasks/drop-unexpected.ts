/** Ends queued tasks whose cells nobody expects any more: a symbol left the universe, or the depth moved on. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { ExpectedRange } from '../coverage/mask-grid.ts'
import { lastDayOf } from './day-mask.ts'
import { openMonths, splitAtEnds } from './split-tasks.ts'

/**
 * Returns how many tasks were ended. `ranges` speak for days up to `asof`, later ones are left alone. Tasks somebody works on are left
 * to their ending.
 */
export async function dropUnexpected(
  db: Db,
  dataset: string,
  ranges: readonly ExpectedRange[],
  asof: string,
  now: number,
): Promise<number> {
  const outside = await symbolsOutside(db, dataset, ranges, asof)
  if (outside.length === 0) return 0
  const results = await db.write([
    ...splitAtEnds(dataset, [...outside, { symbol: '*', fromDt: '0000-01-01', toDt: asof }]),
    sql`UPDATE gap_tasks SET state = 'done', done_at = ${now}, last_outcome = 'not_expected', updated_at = ${now}
        WHERE id IN (
          SELECT t.id FROM json_each(${JSON.stringify(outside)}) o CROSS JOIN gap_tasks t
          WHERE t.dataset = ${dataset} AND t.symbol = o.value->>'symbol' AND t.dt <= ${asof}
            AND t.done_at IS NULL AND t.state IN ('queued', 'stalled')
            AND (t.dt < o.value->>'fromDt' OR t.dt > o.value->>'toDt'))
        RETURNING id`,
  ])
  return results.at(-1)?.length ?? 0
}

/**
 * Symbols with an open task outside their life, with that life; an empty one where the symbol has none. Steps from symbol to symbol along
 * the index of open cells and looks at each one's first and last day: a full queue costs no more than an almost empty one.
 */
async function symbolsOutside(
  db: Db,
  dataset: string,
  ranges: readonly ExpectedRange[],
  asof: string,
): Promise<ExpectedRange[]> {
  const open = sql`FROM gap_tasks WHERE dataset = ${dataset} AND done_at IS NULL`
  const spans = await db.all<{
    symbol: string
    first: string
    last: string | null
    month: string | null
    days: number | null
  }>(sql`
    WITH RECURSIVE queued AS (
      SELECT min(symbol) AS symbol ${open}
      UNION ALL
      SELECT (SELECT min(symbol) ${open} AND symbol > queued.symbol) FROM queued WHERE queued.symbol IS NOT NULL)
    SELECT q.symbol, (SELECT min(dt) ${open} AND symbol = q.symbol) AS first,
      (SELECT max(dt) ${open} AND symbol = q.symbol AND dt <= ${asof}) AS last, m.dt AS month, m.days
    FROM queued q LEFT JOIN gap_tasks m ON m.id = (${openMonths(sql`m.dataset = ${dataset} AND m.symbol = q.symbol AND m.dt <= ${asof}`)}
      ORDER BY m.dt DESC LIMIT 1)
    WHERE q.symbol IS NOT NULL`)
  const rangeOf = new Map(ranges.map((symbolRange) => [symbolRange.symbol, symbolRange]))
  return spans.flatMap(({ symbol, first, last, month, days }) => {
    const symbolRange = rangeOf.get(symbol) ?? { symbol, fromDt: '9999-12-31', toDt: '0000-01-01' }
    const ends = [last, month === null || days === null ? null : lastDayOf(month, days)]
    const isBehind = ends.some((dt) => dt !== null && dt > symbolRange.toDt)
    return last !== null && (first < symbolRange.fromDt || isBehind) ? [symbolRange] : []
  })
}
