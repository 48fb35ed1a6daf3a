/** Whether the pages of a local database fit together, as SQLite itself checks them. */
import { sql } from 'drizzle-orm'
import { type Db, isDamage } from './client.ts'

/**
 * What is wrong, in SQLite's words, at most `most` faults; nothing when all is well. `quick` looks at every page, a megabyte in about 10 ms; `full` also
 * compares every index with its table, which takes several times as long. Nothing else runs meanwhile.
 */
export async function checkPages(db: Db, how: 'quick' | 'full', most: number): Promise<string[]> {
  try {
    const found = await db.all<Record<string, unknown>>(
      sql.raw(`PRAGMA ${how === 'quick' ? 'quick' : 'integrity'}_check(${most})`),
    )
    return found.flatMap((row) => Object.values(row).map(String)).filter((text) => text !== 'ok')
  } catch (error) {
    if (!isDamage(error)) throw error
    return [error.message]
  }
}

/** Bytes of all pages. */
export async function databaseBytes(db: Db): Promise<number> {
  const [pages] = await db.all<{ page_count: number }>(sql`PRAGMA page_count`)
  const [size] = await db.all<{ page_size: number }>(sql`PRAGMA page_size`)
  return (pages?.page_count ?? 0) * (size?.page_size ?? 0)
}
