/** Coverage masks of a dataset in a range of months. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface CoverageMonth {
  symbol: string
  month: string
  present: number
  short: number
  absent: number
  held: number
}

export const listCoverage = (db: Db, dataset: string, fromMonth: string, toMonth: string): Promise<CoverageMonth[]> =>
  db.all<CoverageMonth>(sql`
    SELECT symbol, month, present, short, absent, held FROM coverage
    WHERE dataset = ${dataset} AND month BETWEEN ${fromMonth} AND ${toMonth} ORDER BY symbol, month`)
