/** How many absent cells of each day will be asked for again. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Days between two, both inclusive. Final reasons have no look left, so this walks the few others alone. */
export async function tallyRechecks(
  db: Db,
  dataset: string,
  fromDt: string,
  toDt: string,
): Promise<Map<string, number>> {
  const rows = await db.all<{ dt: string; cells: number }>(sql`
    SELECT dt, count(*) AS cells FROM absences
    WHERE dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt} AND recheck_at IS NOT NULL GROUP BY dt`)
  return new Map(rows.map(({ dt, cells }) => [dt, cells]))
}
