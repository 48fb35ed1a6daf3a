/** Whether the last try of a task ended without an answer: its holder died, or the plan it was in failed. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export const wasAbandoned = async (db: Db, id: number): Promise<boolean> =>
  (await db.all(sql`SELECT 1 FROM gap_tasks WHERE id = ${id} AND last_outcome = 'abandoned'`)).length > 0
