/** What is known about cells: every vendor's last answer. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { NEVER } from '../clock-moments.ts'
import { holdsDay } from '../empty-months/final-none.ts'
import { evidenceOfCells } from '../packed-months/both-forms.ts'
import type { Evidence } from './table.ts'

export interface Attempt {
  symbol: string
  dt: string
  vendor: string
  count: number
  outcome: Evidence
  rows: number
  /** Its first digits (packed-attempts.ts). */
  digest: string | null
  askAgainAt: number
  refusedFor: string | null
  /** Epoch ms of the last answer. */
  at: number
}

/** Cells of one statement: those of a large plan together would keep every other request waiting. */
const AT_ONCE = 4_000

/** The attempts of the given cells of one dataset. */
export async function listAttempts(
  db: Db,
  dataset: string,
  cells: readonly { symbol: string; dt: string }[],
): Promise<Attempt[]> {
  const attempts: Attempt[] = []
  for (let from = 0; from < cells.length; from += AT_ONCE) {
    attempts.push(...(await attemptsOf(db, dataset, cells.slice(from, from + AT_ONCE))))
  }
  return attempts
}

const COLUMNS = ['count', 'outcome', 'rows', 'digest', 'ask_again_at', 'refused_for', 'at'] as const

const attemptsOf = (db: Db, dataset: string, cells: readonly { symbol: string; dt: string }[]): Promise<Attempt[]> =>
  db.all<Attempt>(sql`
    WITH wanted AS MATERIALIZED (SELECT value->>'symbol' AS symbol, value->>'dt' AS dt
      FROM json_each(${JSON.stringify(cells.map(({ symbol, dt }) => ({ symbol, dt })))}))
    SELECT a.symbol, a.dt, a.vendor, a.count, a.outcome, a.rows, a.digest, a.ask_again_at AS askAgainAt,
           a.refused_for AS refusedFor, a.at
    FROM ${evidenceOfCells(dataset, sql`wanted`, COLUMNS)} a
    UNION ALL
    SELECT w.symbol, w.dt, e.vendor, 1, 'empty', 0, NULL, ${NEVER}, NULL, e.last_at
    FROM wanted w CROSS JOIN empty_months e ON ${holdsDay(dataset, sql`w.symbol`, sql`w.dt`)}`)
