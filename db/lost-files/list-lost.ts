/** The raw files that were lost, newest first, and how many there were of each kind. */
import { count, desc } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { lostFiles } from './table.ts'

export type LostFile = typeof lostFiles.$inferSelect

export async function listLost(
  db: Db,
  limit: number,
): Promise<Record<LostFile['why'], number> & { newest: LostFile[] }> {
  const counts = await db.orm.select({ why: lostFiles.why, files: count() }).from(lostFiles).groupBy(lostFiles.why)
  const filesOf = (wanted: LostFile['why']): number => counts.find(({ why }) => why === wanted)?.files ?? 0
  const newest = await db.orm.select().from(lostFiles).orderBy(desc(lostFiles.at), lostFiles.path).limit(limit)
  return {
    damaged: filesOf('damaged'),
    gone: filesOf('gone'),
    repaired: filesOf('repaired'),
    kept: filesOf('kept'),
    newest,
  }
}
