/** The refusals still believed, counted per vendor and dataset, with some of each to look at. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { Demotion } from './demotions.ts'

export interface DemotionsInForce {
  vendor: string
  dataset: string
  total: number
  /** Whole datasets before symbols, the longest first. */
  some: Demotion[]
}

export async function demotionsInForce(db: Db, now: number, most: number): Promise<DemotionsInForce[]> {
  const counts = await db.all<{ vendor: string; dataset: string; total: number }>(sql`
    SELECT vendor, dataset, count(*) AS total FROM demotions WHERE until > ${now} GROUP BY vendor, dataset`)
  const found: DemotionsInForce[] = []
  for (const count of counts) {
    const some = await db.all<Demotion>(sql`
      SELECT vendor, dataset, symbol, from_dt AS fromDt, to_dt AS toDt, outcome, until FROM demotions
      WHERE vendor = ${count.vendor} AND dataset = ${count.dataset} AND until > ${now}
      ORDER BY symbol <> '*', until DESC, symbol, outcome LIMIT ${most}`)
    found.push({ ...count, some })
  }
  return found
}
