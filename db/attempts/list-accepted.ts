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

/** Month by month: a year of 3,000 symbols in one statement would hold the event loop. */
export async function listAccepted(db: Db, dataset: string, fromDt: string, toDt: string): Promise<Accepted[]> {
  const accepted: Accepted[] = []
  for (const { first, last } of monthsBetween(fromDt, toDt)) {
    const evidence = evidenceOfDays(dataset, first, last, ['rows', 'digest'])
    const rows = await db.all<Accepted>(
      sql`SELECT symbol, dt, vendor, rows, digest FROM ${evidence} WHERE digest IS NOT NULL`,
    )
    for (const row of rows) accepted.push(row)
  }
  return accepted
}

/** Two days cut at the ends of months. */
function monthsBetween(fromDt: string, toDt: string): { first: string; last: string }[] {
  const number = (dt: string): number => Number(dt.slice(0, 4)) * 12 + Number(dt.slice(5, 7)) - 1
  const months: { first: string; last: string }[] = []
  for (let month = number(fromDt); month <= number(toDt); month++) {
    const text = `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`
    months.push({
      first: fromDt.startsWith(text) ? fromDt : `${text}-01`,
      last: toDt.startsWith(text) ? toDt : `${text}-31`,
    })
  }
  return months
}
