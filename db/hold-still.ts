/** Keeps the file of a local database as it is for a while, so that another process may copy it. */
import { sql } from 'drizzle-orm'
import type { Db } from './client.ts'

/** Work that needs the file unchanged. It must not open the file in this process: closing it again would drop SQLite's lock on it. */
type Work<T> = () => Promise<T>

/**
 * Folds the write-ahead log into the file, and runs `work` while nothing is folded in: all that is written meanwhile goes to the log, so the file
 * stays the database as it was at the beginning, and reads and writes go on. Throws where the log cannot be folded in.
 */
export async function holdFileStill<T>(db: Db, work: Work<T>): Promise<T> {
  const [before] = await db.all<{ wal_autocheckpoint: number }>(sql`PRAGMA wal_autocheckpoint`)
  const pages = before?.wal_autocheckpoint ?? 1000
  await db.all(sql`PRAGMA wal_autocheckpoint = 0`)
  try {
    const [folded] = await db.all<{ busy: number; log: number }>(sql`PRAGMA wal_checkpoint(TRUNCATE)`)
    if (folded?.busy !== 0) throw new Error('the log of the database could not be folded into its file: try again')
    return await work()
  } finally {
    await db.all(sql.raw(`PRAGMA wal_autocheckpoint = ${pages}`)).catch(() => undefined)
  }
}
