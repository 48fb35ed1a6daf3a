/** What is known about cells: every vendor's last answer. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { Evidence } from './table.ts'

export interface Attempt {
  symbol: string
  dt: string
  vendor: string
  count: number
  outcome: Evidence
  rows: number
  digest: string | null
  askAgainAt: number
  refusedFor: string | null
  /** Epoch ms of the last answer. */
  at: number
}

/** The attempts of the given cells of one dataset. */
export const listAttempts = (
  db: Db,
  dataset: string,
  cells: readonly { symbol: string; dt: string }[],
): Promise<Attempt[]> =>
  db.all<Attempt>(sql`
    SELECT a.symbol, a.dt, a.vendor, a.count, a.outcome, a.rows, a.digest, a.ask_again_at AS askAgainAt,
           a.refused_for AS refusedFor, a.at
    FROM json_each(${JSON.stringify(cells.map(({ symbol, dt }) => ({ symbol, dt })))}) wanted
    CROSS JOIN attempts a ON a.dataset = ${dataset} AND a.symbol = wanted.value->>'symbol' AND a.dt = wanted.value->>'dt'`)
