/** Whether a vendor may take one task now. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { claimableBy, type VendorReach } from './claimable.ts'

export const mayTake = async (db: Db, reach: VendorReach, id: number): Promise<boolean> =>
  (await db.all(sql`SELECT t.id ${claimableBy(reach)} AND t.id = ${id}`)).length > 0
