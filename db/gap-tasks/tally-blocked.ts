/** How many queued cells of some days may not be asked of some vendors, or of none, for now. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface BlockedCells {
  /** Vendors that have answered, or refuse for a while; null for cells that wait whoever could be asked. */
  vendors: string[] | null
  cells: number
}

/** Days are inclusive. A cell that only one vendor is asked for, because it is read again, is left out: it is present. */
export async function tallyBlocked(db: Db, dataset: string, fromDt: string, toDt: string): Promise<BlockedCells[]> {
  const rows = await db.all<{ blockedFor: string; cells: number }>(sql`
    SELECT blocked_for AS blockedFor, sum(cells) AS cells FROM gap_tasks
    WHERE state = 'queued' AND dataset = ${dataset} AND blocked_for > '' AND blocked_for NOT LIKE '!%'
      AND dt BETWEEN ${fromDt} AND ${toDt} AND reason <> 're_read' GROUP BY blocked_for`)
  return rows.map(({ blockedFor, cells }) => ({ vendors: blockedFor === '*' ? null : blockedFor.split(','), cells }))
}
