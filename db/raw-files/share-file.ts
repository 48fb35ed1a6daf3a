/** The file that a vendor's day shares replaces the files of its cells. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { KEPT_DIGITS } from './raw-files.ts'

/** What was known of all files of a vendor's day when they were read: hashes as they are kept, by symbol. */
export interface KnownFiles {
  dt: string
  vendor: string
  hashes: ReadonlyMap<string, string>
}

/** One transition: from `known`, all of it and nothing else, to the shared file alone. False, and nothing changed, where something else is known by now. */
export async function shareFile(db: Db, dataset: string, known: KnownFiles, hash: string): Promise<boolean> {
  const { dt, vendor, hashes } = known
  const day = sql`dataset = ${dataset} AND dt = ${dt} AND vendor = ${vendor}`
  const read = sql`(SELECT value->>0, value->>1 FROM json_each(${JSON.stringify([...hashes])}))`
  const isAsRead = sql`(SELECT count(*) FROM raw_files WHERE ${day}) = ${hashes.size}
    AND NOT EXISTS (SELECT 1 FROM raw_files WHERE ${day} AND (symbol, lower(hex(hash))) NOT IN ${read})`
  const shared = hash.slice(0, KEPT_DIGITS)
  const [written] = await db.write([
    sql`INSERT INTO raw_files (dataset, dt, vendor, symbol, hash)
        SELECT ${dataset}, ${dt}, ${vendor}, '', unhex(${shared}) WHERE ${isAsRead}
        ON CONFLICT DO UPDATE SET hash = excluded.hash RETURNING symbol`,
    sql`DELETE FROM raw_files WHERE ${day} AND symbol <> '' AND (symbol, lower(hex(hash))) IN ${read}
          AND EXISTS (SELECT 1 FROM raw_files WHERE ${day} AND symbol = '' AND hash = unhex(${shared}))`,
  ])
  return (written?.length ?? 0) > 0
}
