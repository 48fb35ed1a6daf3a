/** What the ledger says about a bundle: counted once, for the manifest and the README. */
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import type { Dt } from '../_market/dt.ts'

/** Held cells the manifest names; the rest is counted. The ledger in the bundle has them all. */
export const MOST_HELD_LISTED = 1000

export interface LedgerFacts {
  coverage: {
    dataset: string
    first: Dt
    last: Dt
    cells: number
    green: number
    amber: number
    red: number
    /** Cells with rows that travel, cells with rows that are kept back, cells without rows that are explained. */
    present: number
    held: number
    absent: number
    rows: number
  }[]
  cells: { dataset: string; status: string; cells: number; rows: number }[]
  /** Cells without rows that are explained. */
  absences: { dataset: string; reason: string; cells: number }[]
  /** RED cells with rows: kept in the lake and left out of the bundle. */
  held: { dataset: string; symbol: string; dt: Dt; flags: string; rows: number; vendor: string | null }[]
  heldTotal: number
  heldByFlags: { dataset: string; flags: string; cells: number }[]
  /** Who delivered what travels. */
  vendors: { dataset: string; vendor: string; feed: string; cells: number; rows: number }[]
}

/** Reads a ledger file; every list is sorted, so equal ledgers give equal facts. */
export async function ledgerFacts(lake: Lake, ledger: string): Promise<LedgerFacts> {
  const from = readParquet(ledger)
  const all = <T>(sql: string) => lake.duck.all<T & Record<string, unknown>>(sql) as Promise<T[]>
  const held = `FROM ${from} WHERE status = 'RED' AND "rows" > 0`
  const [total] = await all<{ cells: number }>(`SELECT count(*) AS cells ${held}`)
  return {
    coverage: await all(
      `SELECT dataset, min(dt) AS first, max(dt) AS last, count(*) AS cells, count(*) FILTER (WHERE status = 'GREEN') AS green,
         count(*) FILTER (WHERE status = 'AMBER') AS amber, count(*) FILTER (WHERE status = 'RED') AS red,
         count(*) FILTER (WHERE status <> 'RED' AND "rows" > 0) AS present, count(*) FILTER (WHERE status = 'RED' AND "rows" > 0) AS held,
         count(*) FILTER (WHERE "rows" = 0 AND reason IS NOT NULL) AS absent,
         coalesce(sum("rows") FILTER (WHERE status <> 'RED'), 0)::BIGINT AS "rows"
       FROM ${from} GROUP BY dataset ORDER BY dataset`,
    ),
    cells: await all(
      `SELECT dataset, status, count(*) AS cells, sum("rows")::BIGINT AS "rows" FROM ${from} GROUP BY ALL ORDER BY ALL`,
    ),
    absences: await all(
      `SELECT dataset, reason, count(*) AS cells FROM ${from} WHERE "rows" = 0 AND reason IS NOT NULL GROUP BY ALL ORDER BY ALL`,
    ),
    held: await all(
      `SELECT dataset, symbol, dt, flags, "rows", vendor ${held} ORDER BY dataset, symbol, dt LIMIT ${MOST_HELD_LISTED}`,
    ),
    heldTotal: total?.cells ?? 0,
    heldByFlags: await all(`SELECT dataset, flags, count(*) AS cells ${held} GROUP BY ALL ORDER BY ALL`),
    vendors: await all(
      `SELECT dataset, vendor, feed, count(*) AS cells, sum("rows")::BIGINT AS "rows" FROM ${from}
       WHERE status <> 'RED' AND "rows" > 0 GROUP BY ALL ORDER BY ALL`,
    ),
  }
}
