/** The four masks of every symbol in one month, and the absences of that month that contradict them. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'

export interface MonthMasks {
  symbol: string
  present: number
  short: number
  absent: number
  held: number
}

/** The masks are in the order of (symbol, month): a look for each symbol, which are found by skipping from one to the next. */
export async function masksOfMonth(db: Db, dataset: string, month: string): Promise<MonthMasks[]> {
  const [found] = await db.all<{ masks: string }>(sql`
    WITH RECURSIVE symbols(symbol) AS (
      SELECT min(symbol) FROM coverage WHERE dataset = ${dataset}
      UNION ALL SELECT (SELECT min(symbol) FROM coverage WHERE dataset = ${dataset} AND symbol > symbols.symbol)
      FROM symbols WHERE symbol IS NOT NULL)
    SELECT json_group_array(json_array(c.symbol, c.present, c.short, c.absent, c.held)) AS masks FROM symbols s CROSS JOIN coverage c
      ON c.dataset = ${dataset} AND c.symbol = s.symbol AND c.month = ${month}`)
  return (JSON.parse(found?.masks ?? '[]') as [string, number, number, number, number][]).map(
    ([symbol, present, short, absent, held]) => ({ symbol, present, short, absent, held }),
  )
}

/** Cells of a month that have a reason for their absence although they are present. */
export const contradictedAbsences = (
  db: Db,
  dataset: string,
  month: string,
): Promise<{ symbol: string; dt: string; reason: string }[]> =>
  db.all(sql`
    SELECT a.symbol, a.dt, a.reason FROM absences a CROSS JOIN coverage c
      ON c.dataset = a.dataset AND c.symbol = a.symbol AND c.month = ${month}
    WHERE a.dataset = ${dataset} AND a.dt BETWEEN ${`${month}-01`} AND ${`${month}-31`}
      AND c.present & (1 << (${dayOf(sql`a.dt`)} - 1)) <> 0
    ORDER BY a.symbol, a.dt`)
