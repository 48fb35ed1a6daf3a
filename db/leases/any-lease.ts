/** Whether any task is being worked on. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

export const anyLease = async (db: Db): Promise<boolean> =>
  (await db.all(sql`SELECT id FROM leases LIMIT 1`)).length > 0
