/** Sessions that many symbols lack: how many cells of a day are missing, and which vendors had nothing for them. */
import { type SQL, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { dayOf } from '../day-of.ts'

/** The days around which a symbol has data, both inclusive: only there can a session be lacking rather than not have been. */
export interface Around {
  symbol: string
  fromDt: string
  toDt: string
}

/** Reasons a missing cell may have while nobody knows that its whole session is missing, and while it is known. */
const DOUBTFUL = [
  'VENDOR_EMPTY_ONCE',
  'VENDORS_AGREE_EMPTY',
  'NO_TRADES',
  'TOO_RECENT',
  'VENDOR_OUTAGE',
  'CALENDAR_SUSPECT',
]
export const doubtful: SQL = sql`(SELECT value FROM json_each(${JSON.stringify(DOUBTFUL)}))`

/** Questions in vain after which a silent vendor counts as lacking a cell: an answer that it has nothing counts at once. */
const SILENT_TIMES = 3

/** What makes an attempt (as `column` prefix) one of a vendor that lacks the cell. */
export const lacks = (prefix: string): SQL => {
  const a = sql.identifier(prefix)
  return sql`${a}.digest IS NULL AND (${a}.outcome = 'empty' OR ${a}.outcome = 'unavailable' AND ${a}.count >= ${SILENT_TIMES})`
}

const aroundTable = (around: readonly Around[]): SQL =>
  sql`(SELECT value->>'symbol' AS symbol, value->>'fromDt' AS from_dt, value->>'toDt' AS to_dt FROM json_each(${JSON.stringify(around)}))`

/** Missing cells by day. Give it some hundred symbols at a time: one statement holds the event loop. */
export const countMissing = (
  db: Db,
  dataset: string,
  around: readonly Around[],
): Promise<{ dt: string; cells: number }[]> =>
  db.all(sql`
    SELECT a.dt, count(*) AS cells FROM ${aroundTable(around)} s CROSS JOIN absences a
      ON a.dataset = ${dataset} AND a.reason IN ${doubtful} AND a.symbol = s.symbol AND a.dt BETWEEN s.from_dt AND s.to_dt
    GROUP BY a.dt`)

export interface Lacking {
  vendor: string
  /** Missing cells of the day the vendor has nothing for, and those of them it answered as empty. */
  cells: number
  empty: number
}

/** Which vendors lack a day's missing cells. */
export const countLacking = (db: Db, dataset: string, dt: string, around: readonly Around[]): Promise<Lacking[]> =>
  db.all<Lacking>(sql`
    WITH around AS MATERIALIZED ${aroundTable(around)}
    SELECT a.vendor, count(*) AS cells, sum(a.outcome = 'empty') AS empty
    FROM absences x JOIN around s ON s.symbol = x.symbol AND x.dt BETWEEN s.from_dt AND s.to_dt
      CROSS JOIN attempts a ON a.dataset = x.dataset AND a.symbol = x.symbol AND a.dt = x.dt
    WHERE x.dataset = ${dataset} AND x.dt = ${dt} AND x.reason IN ${doubtful} AND ${lacks('a')}
    GROUP BY a.vendor ORDER BY a.vendor`)

/** Whether any of the symbols has the day in any of the datasets. */
export async function isDelivered(
  db: Db,
  datasets: readonly string[],
  symbols: readonly string[],
  dt: string,
): Promise<boolean> {
  const [row] = await db.all<{ found: number }>(sql`
    SELECT EXISTS (SELECT 1 FROM json_each(${JSON.stringify(datasets)}) d CROSS JOIN json_each(${JSON.stringify(symbols)}) s
      CROSS JOIN coverage c ON c.dataset = d.value AND c.symbol = s.value AND c.month = substr(${dt}, 1, 7)
      WHERE c.present >> (${dayOf(sql`${dt}`)} - 1) & 1) AS found`)
  return row?.found === 1
}
