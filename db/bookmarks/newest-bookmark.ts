/** The newest day any vendor delivered for a dataset; null before the first. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export async function newestBookmark(db: Db, dataset: string): Promise<string | null> {
  const [row] = await db.all<{ lastDt: string | null }>(
    sql`SELECT max(last_dt) AS lastDt FROM bookmarks WHERE dataset = ${dataset}`,
  )
  return row?.lastDt ?? null
}
