/** Forgets samples of bad answers that were last seen long ago. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Returns how many are gone. */
export async function dropOldSamples(db: Db, before: number): Promise<number> {
  const [dropped = 0] = await db.change([sql`DELETE FROM quarantine WHERE at < ${before}`])
  return dropped
}

export async function countOldSamples(db: Db, before: number): Promise<number> {
  const [row] = await db.all<{ samples: number }>(sql`SELECT count(*) AS samples FROM quarantine WHERE at < ${before}`)
  return row?.samples ?? 0
}
