/** Accepted answers of a range of days: rows and digest per (cell, vendor). */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { evidenceOfDays } from '../packed-months/both-forms.ts'

export interface Accepted {
  symbol: string
  dt: string
  vendor: string
  rows: number
  digest: string
}

export const listAccepted = (db: Db, dataset: string, fromDt: string, toDt: string): Promise<Accepted[]> =>
  db.all<Accepted>(sql`
    SELECT symbol, dt, vendor, rows, digest FROM ${evidenceOfDays(dataset, fromDt, toDt, ['rows', 'digest'])} WHERE digest IS NOT NULL`)
