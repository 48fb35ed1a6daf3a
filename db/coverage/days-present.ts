/** The days of a dataset that some symbol has, ascending: from the masks, of which a month has few different ones. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export async function daysPresent(db: Db, dataset: string): Promise<string[]> {
  const masks = await db.all<{ month: string; present: number }>(
    sql`SELECT DISTINCT month, present FROM coverage WHERE dataset = ${dataset} AND present <> 0`,
  )
  const months = new Map<string, number>()
  for (const { month, present } of masks) months.set(month, (months.get(month) ?? 0) | present)
  return [...months].sort(([a], [b]) => (a < b ? -1 : 1)).flatMap(([month, mask]) => daysOf(month, mask))
}

const daysOf = (month: string, mask: number): string[] =>
  Array.from({ length: 31 }, (_, day) => day)
    .filter((day) => (mask >> day) & 1)
    .map((day) => `${month}-${String(day + 1).padStart(2, '0')}`)
