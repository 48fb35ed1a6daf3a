/** Cells that are absent because a source says for good that there is nothing, where empty_months alone knows it: they have no row in absences. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'
import { daysOf } from '../gap-tasks/day-mask.ts'
import { holdsDay } from './final-none.ts'

/** `CROSS JOIN …`: to rows e of empty_months the coverage c of their month. */
export const withCoverage = (dataset: string): SQL =>
  sql`CROSS JOIN coverage c ON c.dataset = ${dataset} AND c.symbol = e.symbol AND c.month = e.month`

/**
 * The mask of such cells of the month of e and c. A reason that stands in absences goes before what is kept here. A day that is present, or
 * was lost since, is not absent.
 */
export const noneDays = (dataset: string): SQL => sql`(${ofAnyVendor} & c.absent & ~coalesce((
  SELECT sum(1 << (${dayOf(sql`x.dt`)} - 1)) FROM absences x
  WHERE x.dataset = ${dataset} AND x.symbol = e.symbol AND x.dt BETWEEN e.month || '-01' AND e.month || '-31'), 0))`

const sameMonth = sql`o.dataset = e.dataset AND o.symbol = e.symbol AND o.month = e.month`
/** Of the rows e of one symbol and month, which are as many as vendors, the first. */
export const isFirstVendors = sql`NOT EXISTS (SELECT 1 FROM empty_months o WHERE ${sameMonth} AND o.vendor < e.vendor)`
/** The days of all of them; as a rule there is one. */
const ofAnyVendor = sql`CASE WHEN NOT EXISTS (SELECT 1 FROM empty_months o WHERE ${sameMonth} AND o.vendor > e.vendor) THEN e.days
  ELSE (SELECT sum(DISTINCT o.days & (1 << (d.day - 1))) FROM empty_months o CROSS JOIN month_days d WHERE ${sameMonth}) END`

/** Part of `WITH RECURSIVE`: symbols(symbol), null at the end. The months are in the order of (symbol, month): the query skips from one to the next. */
export const symbolsOfNones = (dataset: string): SQL => sql`symbols(symbol) AS (
  SELECT min(symbol) FROM empty_months WHERE dataset = ${dataset}
  UNION ALL SELECT (SELECT min(symbol) FROM empty_months WHERE dataset = ${dataset} AND symbol > symbols.symbol)
  FROM symbols WHERE symbol IS NOT NULL)`

/** The cells of some days, both inclusive. */
export async function listNones(
  db: Db,
  dataset: string,
  fromDt: string,
  toDt: string,
): Promise<{ symbol: string; dt: string }[]> {
  const [found] = await db.all<{ months: string }>(sql`
    WITH RECURSIVE ${symbolsOfNones(dataset)}
    SELECT json_group_array(json_array(e.symbol, e.month, ${noneDays(dataset)})) AS months FROM symbols s CROSS JOIN empty_months e
      ON e.dataset = ${dataset} AND e.symbol = s.symbol AND e.month BETWEEN substr(${fromDt}, 1, 7) AND substr(${toDt}, 1, 7)
      ${withCoverage(dataset)} WHERE ${isFirstVendors}`)
  return (JSON.parse(found?.months ?? '[]') as [string, string, number][]).flatMap(([symbol, month, days]) =>
    daysOf(month, days)
      .filter((dt) => dt >= fromDt && dt <= toDt)
      .map((dt) => ({ symbol, dt })),
  )
}

/** The days of a dataset for which any vendor says none, ascending. */
export async function daysOfNones(db: Db, dataset: string): Promise<string[]> {
  const rows = await db.all<{ dt: string }>(sql`
    SELECT DISTINCT e.month || '-' || d.text AS dt FROM (SELECT DISTINCT month, days FROM empty_months WHERE dataset = ${dataset}) e
      CROSS JOIN month_days d ON e.days >> (d.day - 1) & 1 ORDER BY 1`)
  return rows.map(({ dt }) => dt)
}

/** Epoch ms of the newest answer that says so of a cell; undefined where it is absent for another reason, or not at all. */
export async function findNone(db: Db, dataset: string, symbol: string, dt: string): Promise<number | undefined> {
  const [row] = await db.all<{ at: number | null }>(sql`
    SELECT max(e.last_at) AS at FROM empty_months e ${withCoverage(dataset)}
    WHERE ${holdsDay(dataset, sql`${symbol}`, sql`${dt}`)} AND c.absent >> (${dayOf(sql`${dt}`)} - 1) & 1`)
  return row?.at ?? undefined
}
