/** Which volume a database belongs to. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** The identity of the volume; null for a database that belongs to none yet. */
export async function volumeOf(db: Db): Promise<string | null> {
  const [row] = await db.all<{ id: string }>(sql`SELECT id FROM data_volume`)
  return row?.id ?? null
}

/** Gives the database to a volume, unless it has one already. Returns the one it has then: of two nodes that ask at once one is first. */
export async function claimDatabase(db: Db, id: string): Promise<string> {
  const [, rows = []] = await db.write([
    sql`INSERT INTO data_volume ("row", id) VALUES (1, ${id}) ON CONFLICT DO NOTHING`,
    sql`SELECT id FROM data_volume`,
  ])
  return String(rows[0]?.id)
}

/** Gives the database to another volume, because a person said so. */
export async function reassignDatabase(db: Db, id: string): Promise<void> {
  await db.write([
    sql`INSERT INTO data_volume ("row", id) VALUES (1, ${id}) ON CONFLICT DO UPDATE SET id = excluded.id`,
  ])
}
