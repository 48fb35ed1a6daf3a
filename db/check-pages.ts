/** Whether the pages of a local database fit together, as SQLite itself checks them. */
import { sql } from 'drizzle-orm'
import { type Db, isDamage } from './client.ts'

/**
 * The first thing that is wrong, or null. `quick` looks at every page, a megabyte in about 10 ms; `full` also compares every index with its table,
 * which takes several times as long. Nothing else runs meanwhile.
 */
export async function checkPages(db: Db, how: 'quick' | 'full'): Promise<string | null> {
  try {
    const [found] = await db.all<Record<string, unknown>>(
      how === 'quick' ? sql`PRAGMA quick_check(1)` : sql`PRAGMA integrity_check(1)`,
    )
    const said = String(Object.values(found ?? {})[0])
    return said === 'ok' ? null : said
  } catch (error) {
    if (!isDamage(error)) throw error
    return error.message
  }
}
