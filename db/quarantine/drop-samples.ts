/** Forgets the samples of old bad answers when room is short; that they came, how often and why stays. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** Keeps the samples of the `kept` newest sightings. Returns how many were dropped. */
export async function dropSamples(db: Db, kept: number): Promise<number> {
  const [dropped = 0] = await db.change([
    sql`UPDATE quarantine SET sample = NULL WHERE sample IS NOT NULL
        AND id NOT IN (SELECT id FROM quarantine ORDER BY at DESC, id DESC LIMIT ${kept})`,
  ])
  return dropped
}
