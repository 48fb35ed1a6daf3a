/** How far the nightly look at raw files came, kept so that a status shows it without looking. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { scrubs } from './table.ts'

export type Scrub = typeof scrubs.$inferSelect

/** What is known already is not written again: an audit that is repeated changes nothing. */
export async function recordScrub(db: Db, { dataset, night, dueFiles, dueBytes, files, bytes }: Scrub): Promise<void> {
  await db.write([
    sql`INSERT INTO scrubs (dataset, night, due_files, due_bytes, files, bytes)
        VALUES (${dataset}, ${night}, ${dueFiles}, ${dueBytes}, ${files}, ${bytes})
        ON CONFLICT DO UPDATE SET night = excluded.night, due_files = excluded.due_files, due_bytes = excluded.due_bytes,
          files = excluded.files, bytes = excluded.bytes`,
  ])
}

export const listScrubs = (db: Db): Promise<Scrub[]> => db.orm.select().from(scrubs).orderBy(scrubs.dataset)
