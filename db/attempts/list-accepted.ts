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

/** Ten days at a time: a year of 3,000 symbols in one statement would hold the event loop. */
export async function listAccepted(db: Db, dataset: string, fromDt: string, toDt: string): Promise<Accepted[]> {
  const accepted: Accepted[] = []
  for (const { first, last } of partsBetween(fromDt, toDt)) {
    const evidence = evidenceOfDays(dataset, first, last, ['rows', 'digest'])
    const rows = await db.all<Accepted>(
      sql`SELECT symbol, dt, vendor, rows, digest FROM ${evidence} WHERE digest IS NOT NULL`,
    )
    for (const row of rows) accepted.push(row)
  }
  return accepted
}

/** Where the parts of a month begin and end. */
const PARTS = [
  ['01', '10'],
  ['11', '20'],
  ['21', '31'],
] as const

/** The parts of months that lie between two days, cut where these fall into one. */
export function partsBetween(fromDt: string, toDt: string): { first: string; last: string }[] {
  const number = (dt: string): number => Number(dt.slice(0, 4)) * 12 + Number(dt.slice(5, 7)) - 1
  const parts: { first: string; last: string }[] = []
  for (let month = number(fromDt); month <= number(toDt); month++) {
    const text = `${String(Math.floor(month / 12)).padStart(4, '0')}-${String((month % 12) + 1).padStart(2, '0')}`
    for (const [begins, ends] of PARTS) {
      const [first, last] = [`${text}-${begins}`, `${text}-${ends}`]
      if (last >= fromDt && first <= toDt)
        parts.push({ first: first < fromDt ? fromDt : first, last: last > toDt ? toDt : last })
    }
  }
  return parts
}
