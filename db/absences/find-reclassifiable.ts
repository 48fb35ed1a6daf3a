/** Absences whose reason can be told more exactly than the answers alone did: from days around them, or from another dataset. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { Span } from '../coverage/delivered-spans.ts'

/** One absence with the reason it should have. */
export interface Reclassifiable {
  symbol: string
  dt: string
  reason: string
}

/** What is looked at: cells of a dataset whose absence was decided before an instant (epoch ms), so many of them. */
export interface Decided {
  dataset: string
  before: number
  limit: number
}

/** Reasons that two witnesses stand behind. */
const AGREED = ['VENDORS_AGREE_EMPTY', 'NO_TRADES', 'NOT_LISTED_YET', 'DELISTED']

/**
 * Cells that one vendor called empty in a dataset where the daily dataset is settled: its day is absent for an agreed reason, or its bar
 * was judged to be without volume. The daily bar is the second witness.
 */
export const findConfirmed = (db: Db, { dataset, before, limit }: Decided, daily: string): Promise<Reclassifiable[]> =>
  db.all(sql`
    SELECT a.symbol, a.dt, coalesce(d.reason, 'NO_TRADES') AS reason
    FROM absences a
      LEFT JOIN absences d ON d.dataset = ${daily} AND d.symbol = a.symbol AND d.dt = a.dt
        AND d.reason IN (SELECT value FROM json_each(${JSON.stringify(AGREED)})) AND d.decided_at <= ${before}
      LEFT JOIN findings f ON f.dataset = ${daily} AND f.symbol = a.symbol AND f.dt = a.dt
        AND ',' || f.flags || ',' LIKE '%,ZERO_VOLUME,%'
    WHERE a.dataset = ${dataset} AND a.reason = 'VENDOR_EMPTY_ONCE' AND a.decided_at <= ${before} AND (d.reason IS NOT NULL OR f.flags IS NOT NULL)
    LIMIT ${limit}`)

/**
 * Agreed absences that the symbol's delivered days say more of: between two of them nobody traded; before the first or after the last one
 * the symbol was not listed, once at least `leastRun` days say so. Fewer may be a thin name's quiet days at the edge of what is collected.
 */
export const findReclassifiable = (
  db: Db,
  { dataset, before, limit }: Decided,
  spans: readonly Span[],
  leastRun: number,
): Promise<Reclassifiable[]> =>
  db.all(sql`
    WITH spans AS MATERIALIZED (SELECT value->>'symbol' AS symbol, value->>'first' AS first, value->>'last' AS last
      FROM json_each(${JSON.stringify(spans)})),
    agreed AS MATERIALIZED (
      SELECT a.symbol, a.dt, a.reason, CASE WHEN a.dt < s.first THEN -1 WHEN a.dt > s.last THEN 1 ELSE 0 END AS side
      FROM spans s CROSS JOIN absences a ON a.dataset = ${dataset} AND a.symbol = s.symbol
        AND a.reason IN (SELECT value FROM json_each(${JSON.stringify(AGREED)})) AND a.decided_at <= ${before}),
    runs AS MATERIALIZED (SELECT symbol, side, count(*) AS days FROM agreed WHERE side <> 0 GROUP BY symbol, side),
    named AS (
      SELECT a.symbol, a.dt, a.reason AS was, CASE
          WHEN a.side = 0 THEN 'NO_TRADES'
          WHEN r.days < ${leastRun} THEN 'VENDORS_AGREE_EMPTY'
          WHEN a.side < 0 THEN 'NOT_LISTED_YET' ELSE 'DELISTED' END AS reason
      FROM agreed a LEFT JOIN runs r ON r.symbol = a.symbol AND r.side = a.side)
    SELECT symbol, dt, reason FROM named WHERE reason <> was LIMIT ${limit}`)
