/** How many cells of each dataset are present, short, absent for a reason, or held. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { bitCount } from './bit-count.ts'

export interface CoverageCount {
  dataset: string
  symbols: number
  present: number
  short: number
  absent: number
  held: number
}

const bits = (mask: string) => sql.raw(`sum(${bitCount(mask)})`)

export const countCoverage = (db: Db): Promise<CoverageCount[]> =>
  db.all<CoverageCount>(sql`
    SELECT dataset, count(DISTINCT symbol) AS symbols, ${bits('present')} AS present, ${bits('short')} AS short,
           ${bits('absent')} AS absent, ${bits('held')} AS held
    FROM coverage GROUP BY dataset ORDER BY dataset`)
