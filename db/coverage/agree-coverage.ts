/** Makes the masks say what the evidence says: a day is present where some vendor's version is there, and nowhere else. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isClaim } from '../manifests/claims.ts'
import type { SymbolRange } from './symbol-ranges.ts'

/**
 * Corrects the masks and raises the bookmarks of a range of symbols, in one write that reads the evidence itself. Answers how many days became present
 * and how many are so no longer. `partitionsOf` names the partitions of a month's days.
 */
export async function agreeCoverage(
  db: Db,
  dataset: string,
  { from, to }: SymbolRange,
  partitionsOf: (month: string, mask: number) => string[],
  now: number,
): Promise<{ set: number; cleared: number }> {
  const claimed = sql`SELECT symbol, substr(dt, 1, 7) AS month, sum(DISTINCT 1 << (CAST(substr(dt, 9, 2) AS INTEGER) - 1)) AS mask
    FROM attempts WHERE dataset = ${dataset} AND symbol BETWEEN ${from} AND ${to}
      AND ${isClaim('attempts')} GROUP BY symbol, month`
  const wrong = await db.all<{ symbol: string; month: string; present: number; mask: number }>(sql`
    WITH claimed AS (${claimed}),
    known AS (SELECT symbol, month, present FROM coverage WHERE dataset = ${dataset} AND symbol BETWEEN ${from} AND ${to})
    SELECT coalesce(k.symbol, c.symbol) AS symbol, coalesce(k.month, c.month) AS month, coalesce(k.present, 0) AS present,
           coalesce(c.mask, 0) AS mask
    FROM known k FULL JOIN claimed c ON c.symbol = k.symbol AND c.month = k.month
    WHERE coalesce(k.present, 0) <> coalesce(c.mask, 0)`)
  const months = sql`(SELECT value->>'symbol' AS symbol, value->>'month' AS month FROM json_each(${JSON.stringify(wrong)}))`
  const partitions = new Set(wrong.flatMap(({ month, present, mask }) => partitionsOf(month, present ^ mask)))
  await db.write([
    sql`INSERT INTO coverage (dataset, symbol, month, present)
        SELECT ${dataset}, m.symbol, m.month, coalesce(c.mask, 0) FROM ${months} m
        LEFT JOIN (${claimed}) c ON c.symbol = m.symbol AND c.month = m.month WHERE true
        ON CONFLICT DO UPDATE SET present = excluded.present, short = short & excluded.present, held = held & excluded.present,
          absent = absent & ~excluded.present`,
    sql`DELETE FROM absences WHERE dataset = ${dataset} AND (symbol, substr(dt, 1, 7)) IN (SELECT symbol, month FROM ${months})
          AND EXISTS (SELECT 1 FROM coverage c WHERE c.dataset = ${dataset} AND c.symbol = absences.symbol
            AND c.month = substr(absences.dt, 1, 7) AND c.present & (1 << (CAST(substr(absences.dt, 9, 2) AS INTEGER) - 1)) <> 0)`,
    sql`INSERT INTO bookmarks (vendor, dataset, symbol, last_dt)
        SELECT vendor, ${dataset}, symbol, max(dt) FROM attempts WHERE dataset = ${dataset} AND symbol BETWEEN ${from} AND ${to}
          AND ${isClaim('attempts')} GROUP BY vendor, symbol
        ON CONFLICT DO UPDATE SET last_dt = excluded.last_dt WHERE excluded.last_dt > last_dt`,
    sql`INSERT INTO partitions (dataset, partition, version, touched_at, expected)
        SELECT ${dataset}, value, 1, ${now}, '' FROM json_each(${JSON.stringify([...partitions])}) WHERE true
        ON CONFLICT DO UPDATE SET version = version + 1, touched_at = excluded.touched_at`,
  ])
  const days = (pick: (row: { present: number; mask: number }) => number): number =>
    wrong.reduce((sum, row) => sum + bitsOf(pick(row)), 0)
  return { set: days(({ present, mask }) => mask & ~present), cleared: days(({ present, mask }) => present & ~mask) }
}

function bitsOf(mask: number): number {
  let bits = 0
  for (let left = mask; left !== 0; left &= left - 1) bits++
  return bits
}
