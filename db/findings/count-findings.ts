/** How many cells of each dataset QC found remarkable or refuses. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface FindingCount {
  dataset: string
  status: 'AMBER' | 'RED'
  cells: number
}

export const countFindings = (db: Db): Promise<FindingCount[]> =>
  db.all<FindingCount>(
    sql`SELECT dataset, status, count(*) AS cells FROM findings GROUP BY dataset, status ORDER BY dataset, status`,
  )
