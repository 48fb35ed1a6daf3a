/** Forgets what no longer matters: finished tasks, spent budget slots, old firings, old corrections. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

const DAY_MS = 86_400_000
const KEEP_TASKS_MS = 30 * DAY_MS
const KEEP_SLOTS_MS = 3 * DAY_MS
const KEEP_TICKS_MS = 90 * DAY_MS
/** The manifests keep both digests for good. */
const KEEP_CORRECTIONS_MS = 400 * DAY_MS
/** Rows removed by one call, so that it stays short. */
const BATCH = 20_000

/** Returns how many rows were removed, and whether there are more. */
export async function prune(db: Db, now: number): Promise<{ removed: number; more: boolean }> {
  const results = await db.write([
    sql`DELETE FROM gap_tasks WHERE id IN
          (SELECT id FROM gap_tasks WHERE state = 'done' AND updated_at < ${now - KEEP_TASKS_MS} LIMIT ${BATCH}) RETURNING id`,
    sql`DELETE FROM budgets WHERE starts_at < ${now - KEEP_SLOTS_MS} RETURNING starts_at`,
    sql`DELETE FROM ticks WHERE ended_at IS NOT NULL AND scheduled_at < ${now - KEEP_TICKS_MS} RETURNING scheduled_at`,
    sql`DELETE FROM corrections WHERE at < ${now - KEEP_CORRECTIONS_MS} RETURNING at`,
  ])
  return {
    removed: results.reduce((sum, rows) => sum + rows.length, 0),
    more: (results[0]?.length ?? 0) === BATCH,
  }
}
