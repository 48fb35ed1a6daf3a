/** How many cells of some days were given up and wait for a person. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Days are inclusive; without `symbols`, of all of them. A re-reading that came to nothing is stalled too, but its cell is present. */
export async function countStalled(
  db: Db,
  dataset: string,
  fromDt: string,
  toDt: string,
  symbols?: readonly string[],
): Promise<number> {
  const among =
    symbols === undefined ? sql`` : sql`AND symbol IN (SELECT value FROM json_each(${JSON.stringify(symbols)}))`
  const [row] = await db.all<{ tasks: number }>(sql`
    SELECT count(*) AS tasks FROM gap_tasks
    WHERE state = 'stalled' AND dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt} AND reason <> 're_read' ${among}`)
  return row?.tasks ?? 0
}
