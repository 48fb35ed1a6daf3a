/** What every vendor said last of some cells, in its own words. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
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
    SELECT a.symbol, a.dt, a.vendor, a.count, a.outcome, a.status, a.note, a.at
    FROM json_each(${JSON.stringify(cells.map(({ symbol, dt }) => [symbol, dt]))}) w
      CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.symbol = w.value->>0 AND a.dt = w.value->>1
    ORDER BY a.at DESC, a.vendor`)
