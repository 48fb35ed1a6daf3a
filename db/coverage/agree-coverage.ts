/** Makes the masks say what the evidence says: a day is present where some vendor's version is there, and nowhere else. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { daysOfAttempts, isClaim } from '../manifests/claims.ts'

/** The months of a dataset that evidence or masks tell of, ascending. */
export async function monthsToldOf(db: Db, dataset: string): Promise<string[]> {
  const months = new Set((await daysOfAttempts(db, dataset)).map((dt) => dt.slice(0, 7)))
  const masks = await db.all<{ month: string }>(sql`SELECT DISTINCT month FROM coverage WHERE dataset = ${dataset}`)
  for (const { month } of masks) months.add(month)
  return [...months].sort()
}

/**
 * Corrects the masks of a month and raises the bookmarks, in one write that reads the evidence itself. Answers how many days became present and how
 * many are so no longer. `partitionsOf` names the partitions of a month's days.
 */
export async function agreeCoverage(
  db: Db,
  dataset: string,
  month: string,
  partitionsOf: (month: string, mask: number) => string[],
  now: number,
): Promise<{ set: number; cleared: number }> {
  const ofMonth = sql`dataset = ${dataset} AND dt BETWEEN ${`${month}-01`} AND ${`${month}-31`}`
  const claimed = sql`SELECT symbol, sum(DISTINCT 1 << (CAST(substr(dt, 9, 2) AS INTEGER) - 1)) AS mask
    FROM attempts WHERE ${ofMonth} AND ${isClaim('attempts')} GROUP BY symbol`
  // The masks are in the order of (symbol, month): a look for each symbol, which are found by skipping from one to the next.
  const wrong = await db.all<{ symbol: string; present: number; mask: number }>(sql`
    WITH RECURSIVE symbols(symbol) AS (
      SELECT min(symbol) FROM coverage WHERE dataset = ${dataset}
      UNION ALL SELECT (SELECT min(symbol) FROM coverage WHERE dataset = ${dataset} AND symbol > symbols.symbol) FROM symbols WHERE symbol IS NOT NULL),
    claimed AS (${claimed}),
    known AS (SELECT c.symbol, c.present FROM symbols s CROSS JOIN coverage c
      ON c.dataset = ${dataset} AND c.symbol = s.symbol AND c.month = ${month})
    SELECT coalesce(k.symbol, c.symbol) AS symbol, coalesce(k.present, 0) AS present, coalesce(c.mask, 0) AS mask
    FROM known k FULL JOIN claimed c ON c.symbol = k.symbol
    WHERE coalesce(k.present, 0) <> coalesce(c.mask, 0)`)
  const symbols = sql`(SELECT value AS symbol FROM json_each(${JSON.stringify(wrong.map(({ symbol }) => symbol))}))`
  const partitions = new Set(wrong.flatMap(({ present, mask }) => partitionsOf(month, present ^ mask)))
  await db.write([
    sql`INSERT INTO coverage (dataset, symbol, month, present)
        SELECT ${dataset}, s.symbol, ${month}, coalesce(c.mask, 0) FROM ${symbols} s
        LEFT JOIN (${claimed}) c ON c.symbol = s.symbol WHERE true
        ON CONFLICT DO UPDATE SET present = excluded.present, short = short & excluded.present, held = held & excluded.present,
          absent = absent & ~excluded.present`,
    sql`DELETE FROM absences WHERE ${ofMonth} AND symbol IN ${symbols}
          AND EXISTS (SELECT 1 FROM coverage c WHERE c.dataset = ${dataset} AND c.symbol = absences.symbol AND c.month = ${month}
            AND c.present & (1 << (CAST(substr(absences.dt, 9, 2) AS INTEGER) - 1)) <> 0)`,
    sql`INSERT INTO bookmarks (vendor, dataset, symbol, last_dt)
        SELECT vendor, ${dataset}, symbol, max(dt) FROM attempts WHERE ${ofMonth} AND ${isClaim('attempts')} GROUP BY vendor, symbol
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
