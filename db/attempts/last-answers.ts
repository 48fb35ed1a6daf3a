/** What every vendor said last of some cells, in its own words. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { holdsDay } from '../empty-months/final-none.ts'
import { evidenceOfCells } from '../packed-months/both-forms.ts'
import type { Evidence } from './table.ts'

export interface LastAnswer {
  symbol: string
  dt: string
  vendor: string
  count: number
  outcome: Evidence
  status: number | null
  note: string | null
  at: number
}

/** The newest answer of a cell first. */
export const lastAnswers = (
  db: Db,
  dataset: string,
  cells: readonly { symbol: string; dt: string }[],
): Promise<LastAnswer[]> =>
  db.all<LastAnswer>(sql`
    WITH wanted AS MATERIALIZED (SELECT value->>0 AS symbol, value->>1 AS dt
      FROM json_each(${JSON.stringify(cells.map(({ symbol, dt }) => [symbol, dt]))}))
    SELECT a.symbol, a.dt, a.vendor, a.count, a.outcome, a.status, a.note, a.at
    FROM ${evidenceOfCells(dataset, sql`wanted`, ['count', 'outcome', 'status', 'note', 'at'])} a
    UNION ALL
    SELECT w.symbol, w.dt, e.vendor, 1, 'empty', NULL, NULL, e.last_at
    FROM wanted w CROSS JOIN empty_months e ON ${holdsDay(dataset, sql`w.symbol`, sql`w.dt`)}
    ORDER BY at DESC, vendor`)
