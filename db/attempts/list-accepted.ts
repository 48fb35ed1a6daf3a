/** Accepted answers of a range of days: rows and digest per (cell, vendor). */
import { and, between, eq, isNotNull, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { attempts } from './table.ts'

export interface Accepted {
  symbol: string
  dt: string
  vendor: string
  rows: number
  digest: string
}

export const listAccepted = async (db: Db, dataset: string, fromDt: string, toDt: string): Promise<Accepted[]> =>
  db.orm
    .select({
      symbol: attempts.symbol,
      dt: attempts.dt,
      vendor: attempts.vendor,
      rows: attempts.rows,
      digest: sql<string>`${attempts.digest}`,
    })
    .from(attempts)
    .where(and(eq(attempts.dataset, dataset), between(attempts.dt, fromDt, toDt), isNotNull(attempts.digest)))
