/** Cells whose file cannot be read any more or is gone, or that were forgotten, are not present any more: the only write that removes them from the coverage. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { holdsDay } from '../empty-months/final-none.ts'
import { evidenceOfCells } from '../packed-months/both-forms.ts'
import { unpackCells } from '../packed-months/unpack-months.ts'
import { touchPartitions } from '../partitions/touch-partitions.ts'
import { isStoredVersion } from './stored-versions.ts'

export interface InvalidatedCell {
  symbol: string
  dt: string
  month: string
  bit: number
  partition: string
  /** Epoch ms: what was known of the cell before no longer counts. */
  at: number
  /** The file that held it, relative to the root, and what became of that. */
  path: string
  why: 'damaged' | 'gone' | 'forgotten'
  /** The same in words. */
  note: string
}

/** What the evidence says from then on. */
const ENDING = sql.raw(`CASE value->>'why' WHEN 'forgotten' THEN 'forgotten' ELSE 'lost' END`)

/** A version can be lost or forgotten, and one that was lost can be forgotten. */
const mayEnd = (attempts: string, why: SQL): SQL =>
  sql`(${isStoredVersion(attempts)} OR (${sql.raw(attempts)}.outcome = 'lost' AND ${why} = 'forgotten'))`

/** Most files recorded: a lost disk would fill the database with names. */
const MOST_FILES = 1000

/**
 * All or nothing; safe to repeat. The vendor's evidence says `lost`, or `forgotten`, from then on and may be asked at once; the cell is a gap unless another vendor's
 * version of it is there. Evidence from `at` or later stays. Returns how many cells were lost that the database did not record as lost.
 */
export async function invalidateCells(
  db: Db,
  vendor: string,
  dataset: string,
  cells: readonly InvalidatedCell[],
  now: number,
): Promise<number> {
  if (cells.length === 0) return 0
  const json = JSON.stringify(cells)
  const fresh = await db.all<{ cell: string }>(sql`
    WITH cells AS MATERIALIZED (SELECT value AS cell, value->>'symbol' AS symbol, value->>'dt' AS dt FROM json_each(${json})),
      known AS MATERIALIZED (SELECT * FROM ${evidenceOfCells(dataset, sql`(SELECT DISTINCT symbol, dt FROM cells)`, ['digest', 'outcome', 'at'], { vendor })})
    SELECT cell FROM cells i LEFT JOIN known a ON a.symbol = i.symbol AND a.dt = i.dt
    WHERE (${mayEnd('a', sql`cell->>'why'`)} AND a.at < cell->>'at') OR a.outcome IS NULL AND NOT EXISTS (
      SELECT 1 FROM empty_months e WHERE ${holdsDay(sql`${dataset}`, sql`i.symbol`, sql`i.dt`)} AND e.vendor = ${vendor})`)
  if (fresh.length === 0) return 0
  // Whoever settled one of them since keeps what he knows.
  const lost = sql`(SELECT i.value AS s FROM json_each(${`[${fresh.map(({ cell }) => cell).join(',')}]`}) i
    CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.symbol = i.value->>'symbol' AND a.dt = i.value->>'dt'
      AND a.vendor = ${vendor} WHERE a.outcome IN ('lost', 'forgotten') AND a.at = i.value->>'at')`
  await db.write([
    ...unpackCells(dataset, json),
    sql`INSERT INTO attempts (dataset, symbol, dt, vendor, count, outcome, rows, note, at, ask_again_at)
        SELECT ${dataset}, value->>'symbol', value->>'dt', ${vendor}, 0, ${ENDING}, 0, value->>'note', value->>'at', 0
        FROM json_each(${`[${fresh.map(({ cell }) => cell).join(',')}]`}) WHERE true
        ON CONFLICT DO UPDATE SET outcome = excluded.outcome, status = NULL, rows = 0, digest = NULL, note = excluded.note, at = excluded.at,
          ask_again_at = 0, refused_for = NULL
        WHERE ${mayEnd('attempts', sql`CASE excluded.outcome WHEN 'forgotten' THEN 'forgotten' END`)} AND attempts.at < excluded.at`,
    sql`UPDATE coverage SET present = present & ~g.mask, short = short & ~g.mask, held = held & ~g.mask
        FROM (SELECT s->>'symbol' AS symbol, s->>'month' AS month, sum(DISTINCT s->>'bit') AS mask FROM ${lost}
          WHERE NOT EXISTS (SELECT 1 FROM attempts o WHERE o.dataset = ${dataset} AND o.symbol = s->>'symbol'
            AND o.dt = s->>'dt' AND ${isStoredVersion('o')}) GROUP BY s->>'symbol', s->>'month') g
        WHERE coverage.dataset = ${dataset} AND coverage.symbol = g.symbol AND coverage.month = g.month`,
    touchPartitions(dataset, sql`(SELECT s->>'partition' AS partition FROM ${lost})`, now),
    sql`INSERT INTO lost_files (path, vendor, dataset, why, cells, at)
        SELECT s->>'path', ${vendor}, ${dataset}, s->>'why', count(*), max(s->>'at') FROM ${lost} WHERE s->>'why' <> 'forgotten' GROUP BY s->>'path'
        ON CONFLICT DO UPDATE SET why = excluded.why, cells = excluded.cells, at = excluded.at`,
    sql`DELETE FROM lost_files WHERE path IN
          (SELECT path FROM lost_files ORDER BY at DESC LIMIT -1 OFFSET ${sql.raw(String(MOST_FILES))})`,
  ])
  return fresh.length
}
