/** What lies in the raw tree and was never accepted: counted where it is met, so that nobody has to look for it. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export interface UnacceptedDay {
  dt: string
  /** Paths relative to the root. */
  paths: readonly string[]
}

const SHOWN_OF_A_DAY = 5

/** Replaces what was known of these days of a dataset; a day without such files is forgotten. */
export async function recordUnaccepted(
  db: Db,
  dataset: string,
  { fromDt, toDt }: { fromDt: string; toDt: string },
  found: readonly UnacceptedDay[],
  now: number,
): Promise<void> {
  const rows = found
    .filter(({ paths }) => paths.length > 0)
    .map(({ dt, paths }) => [dt, paths.length, JSON.stringify(paths.slice(0, SHOWN_OF_A_DAY))])
  const known = await db.all<{ dt: string }>(sql`
    SELECT dt FROM unaccepted_files WHERE dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt} LIMIT 1`)
  if (rows.length === 0 && known.length === 0) return
  await db.write([
    sql`DELETE FROM unaccepted_files WHERE dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt}`,
    sql`INSERT INTO unaccepted_files (dataset, dt, files, first, seen_at)
        SELECT ${dataset}, value->>0, value->>1, value->>2, ${now} FROM json_each(${JSON.stringify(rows)}) WHERE true
        ON CONFLICT DO UPDATE SET files = excluded.files, first = excluded.first, seen_at = excluded.seen_at`,
  ])
}

/** How many there are, and the first few of them by dataset and day. */
export async function countUnaccepted(db: Db, limit: number): Promise<{ files: number; first: string[] }> {
  const [total] = await db.all<{ files: number }>(sql`SELECT coalesce(sum(files), 0) AS files FROM unaccepted_files`)
  const days = await db.all<{ first: string }>(
    sql`SELECT first FROM unaccepted_files ORDER BY dataset, dt LIMIT ${limit}`,
  )
  return { files: total?.files ?? 0, first: days.flatMap(({ first }) => JSON.parse(first) as string[]).slice(0, limit) }
}
