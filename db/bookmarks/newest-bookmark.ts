/** The newest day any vendor delivered for a dataset; null before the first. */
import { eq, max } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { bookmarks } from './table.ts'

export async function newestBookmark(db: Db, dataset: string): Promise<string | null> {
  const [row] = await db.orm
    .select({ lastDt: max(bookmarks.lastDt) })
    .from(bookmarks)
    .where(eq(bookmarks.dataset, dataset))
  return row?.lastDt ?? null
}
