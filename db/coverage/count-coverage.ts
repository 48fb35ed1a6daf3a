/** How many cells of each dataset are present, short, absent for a reason, or held. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface CoverageCount {
  dataset: string
  symbols: number
  present: number
  short: number
  absent: number
  held: number
}

/** SQLite has no bit count: the five-step one, over the 31 bits of a month. */
const bits = (mask: string) => {
  const pairs = `(${mask} - ((${mask} >> 1) & 0x55555555))`
  const nibbles = `((${pairs} & 0x33333333) + ((${pairs} >> 2) & 0x33333333))`
  return sql.raw(`sum((((((${nibbles} + (${nibbles} >> 4)) & 0x0f0f0f0f) * 0x01010101) >> 24) & 0xff))`)
}

export const countCoverage = (db: Db): Promise<CoverageCount[]> =>
  db.all<CoverageCount>(sql`
    SELECT dataset, count(DISTINCT symbol) AS symbols, ${bits('present')} AS present, ${bits('short')} AS short,
           ${bits('absent')} AS absent, ${bits('held')} AS held
    FROM coverage GROUP BY dataset ORDER BY dataset`)
