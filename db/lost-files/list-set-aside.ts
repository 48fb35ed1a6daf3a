/** Damaged raw files in whose place good ones were to come: those of before an instant. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Relative to the root, the longest ago first. Files whose damaged rows no vendor can serve again are not among them. */
export async function listSetAside(db: Db, before: number, most: number): Promise<string[]> {
  const rows = await db.all<{ path: string }>(
    sql`SELECT path FROM lost_files WHERE why IN ('damaged', 'repaired') AND at < ${before} ORDER BY at, path LIMIT ${most}`,
  )
  return rows.map(({ path }) => path)
}
