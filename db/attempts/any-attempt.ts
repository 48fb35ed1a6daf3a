/** Whether anything was ever asked or adopted, as far as the database knows. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export const anyAttempt = async (db: Db): Promise<boolean> =>
  (
    await db.all(sql`SELECT 1 WHERE EXISTS (SELECT 1 FROM attempts) OR EXISTS (SELECT 1 FROM packed_months)
      OR EXISTS (SELECT 1 FROM empty_months)`)
  ).length > 0
