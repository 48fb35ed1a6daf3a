/** Lets vendors be asked again at once for cells they have not delivered, because a person wants to know. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { expandCells } from '../empty-months/expand-days.ts'

/** Their evidence stays. A version that was delivered is not touched. */
export async function resetRetry(
  db: Db,
  dataset: string,
  cells: readonly { symbol: string; dt: string }[],
  now: number,
): Promise<void> {
  if (cells.length === 0) return
  await db.write([
    ...expandCells(dataset, JSON.stringify(cells)),
    sql`UPDATE attempts SET ask_again_at = ${now}
        WHERE dataset = ${dataset} AND digest IS NULL AND ask_again_at > ${now}
          AND (symbol, dt) IN (SELECT value->>0, value->>1
            FROM json_each(${JSON.stringify(cells.map(({ symbol, dt }) => [symbol, dt]))}))`,
  ])
}
