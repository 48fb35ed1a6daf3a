/** Makes the masks say what the evidence says: a day is present where some vendor's version is there, and nowhere else. */
import { type SQL, sql } from 'drizzle-orm'
import { advanceBookmark } from '../bookmarks/advance-bookmark.ts'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'
import { countDays, dayBitOf } from '../gap-tasks/day-mask.ts'
import { daysOfAttempts, isStoredVersion, storedVersionsOfDay } from '../manifests/stored-versions.ts'
import { holdsDay } from '../packed-months/packed-attempts.ts'
import { touchPartitions } from '../partitions/touch-partitions.ts'

/** A month that evidence or masks tell of, and its days that evidence tells of. */
export interface EvidenceMonth {
  month: string
  dts: string[]
}

/** Of a dataset, ascending. */
export async function evidenceMonths(db: Db, dataset: string): Promise<EvidenceMonth[]> {
  const masks = await db.all<{ month: string }>(sql`SELECT DISTINCT month FROM coverage WHERE dataset = ${dataset}`)
  const months = new Map(masks.map(({ month }) => [month, [] as string[]]))
  for (const dt of await daysOfAttempts(db, dataset)) {
    const month = dt.slice(0, 7)
    const dts = months.get(month)
    if (dts) dts.push(dt)
    else months.set(month, [dt])
  }
  return [...months].sort(([a], [b]) => (a < b ? -1 : 1)).map(([month, dts]) => ({ month, dts }))
}

/** Symbols of one write: more would hold the event loop. */
const AT_ONCE = 500

/**
 * Corrects the masks of a month and raises the bookmarks: looks day by day, and what is wrong is written by statements that read the evidence
 * themselves. Returns how many days became present and how many are so no longer. `partitionsOf` names the partitions of a month's days.
 */
export async function rebuildCoverage(
  db: Db,
  dataset: string,
  { month, dts }: EvidenceMonth,
  partitionsOf: (month: string, mask: number) => string[],
  now: number,
): Promise<{ set: number; cleared: number }> {
  const { masks, newest } = await claimsOfDays(db, dataset, dts)
  const present = await presentIn(db, dataset, month)
  const wrong = [...new Set([...masks.keys(), ...present.keys()])]
    .map((symbol) => ({ symbol, had: present.get(symbol) ?? 0, has: masks.get(symbol) ?? 0 }))
    .filter(({ had, has }) => had !== has)
  for (let from = 0; from < wrong.length; from += AT_ONCE) {
    const part = wrong.slice(from, from + AT_ONCE)
    const partitions = [...new Set(part.flatMap(({ had, has }) => partitionsOf(month, had ^ has)))]
    await db.write([
      ...maskAnew(
        dataset,
        month,
        part.map(({ symbol }) => symbol),
      ),
      touchPartitions(dataset, sql`(SELECT value AS partition FROM json_each(${JSON.stringify(partitions)}))`, now),
    ])
  }
  await raiseBookmarks(db, dataset, newest)
  const days = (pick: (one: { had: number; has: number }) => number): number =>
    wrong.reduce((sum, one) => sum + countDays(pick(one)), 0)
  return { set: days(({ had, has }) => has & ~had), cleared: days(({ had, has }) => had & ~has) }
}

/** The days each symbol has from any vendor, and by vendor the newest of them. */
async function claimsOfDays(
  db: Db,
  dataset: string,
  dts: readonly string[],
): Promise<{ masks: Map<string, number>; newest: Map<string, Map<string, string>> }> {
  const masks = new Map<string, number>()
  const newest = new Map<string, Map<string, string>>()
  for (const dt of dts) {
    const bit = dayBitOf(dt)
    for (const { symbol, vendor } of await storedVersionsOfDay(db, dataset, dt)) {
      masks.set(symbol, (masks.get(symbol) ?? 0) | bit)
      const last = newest.get(vendor) ?? new Map<string, string>()
      newest.set(vendor, last.set(symbol, dt))
    }
  }
  return { masks, newest }
}

/** The masks are in the order of (symbol, month): a look for each symbol, which are found by skipping from one to the next. */
async function presentIn(db: Db, dataset: string, month: string): Promise<Map<string, number>> {
  const [found] = await db.all<{ present: string }>(sql`
    WITH RECURSIVE symbols(symbol) AS (
      SELECT min(symbol) FROM coverage WHERE dataset = ${dataset}
      UNION ALL SELECT (SELECT min(symbol) FROM coverage WHERE dataset = ${dataset} AND symbol > symbols.symbol)
      FROM symbols WHERE symbol IS NOT NULL)
    SELECT json_group_array(json_array(c.symbol, c.present)) AS present FROM symbols s CROSS JOIN coverage c
      ON c.dataset = ${dataset} AND c.symbol = s.symbol AND c.month = ${month}`)
  return new Map(JSON.parse(found?.present ?? '[]') as [string, number][])
}

function maskAnew(dataset: string, month: string, symbols: readonly string[]): SQL[] {
  const ofThese = sql`(SELECT value AS symbol FROM json_each(${JSON.stringify(symbols)}))`
  const mask = sql`SELECT sum(1 << (d.day - 1)) FROM month_days d WHERE EXISTS (
    SELECT 1 FROM attempts a WHERE a.dataset = ${dataset} AND a.dt = ${month} || '-' || d.text AND a.symbol = s.symbol AND ${isStoredVersion('a')})
    OR EXISTS (SELECT 1 FROM packed_months p WHERE p.dataset = ${dataset} AND p.month = ${month} AND p.symbol = s.symbol AND ${holdsDay})`
  return [
    sql`INSERT INTO coverage (dataset, symbol, month, present)
        SELECT ${dataset}, s.symbol, ${month}, coalesce((${mask}), 0) FROM ${ofThese} s WHERE true
        ON CONFLICT DO UPDATE SET present = excluded.present, short = short & excluded.present, held = held & excluded.present,
          absent = absent & ~excluded.present`,
    sql`DELETE FROM absences WHERE dataset = ${dataset} AND symbol IN ${ofThese} AND dt BETWEEN ${`${month}-01`} AND ${`${month}-31`}
          AND EXISTS (SELECT 1 FROM coverage c WHERE c.dataset = ${dataset} AND c.symbol = absences.symbol AND c.month = ${month}
            AND c.present & (1 << (${dayOf(sql`absences.dt`)} - 1)) <> 0)`,
  ]
}

async function raiseBookmarks(db: Db, dataset: string, newest: Map<string, Map<string, string>>): Promise<void> {
  for (const [vendor, last] of newest) {
    await db.write([
      advanceBookmark(
        vendor,
        dataset,
        sql`(SELECT value->>0 AS symbol, value->>1 AS dt FROM json_each(${JSON.stringify([...last])}))`,
      ),
    ])
  }
}
