/** Whether a vendor may take the first task of some bucket now: cheap, and changes nothing, unlike the search for a head. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isFree, type VendorReach } from './claimable.ts'
import { firstTasks } from './eligibility.ts'

/** False also where only a later task of a bucket may be taken. */
export async function hasFreeTask(db: Db, reach: VendorReach): Promise<boolean> {
  const [found] = await db.all(sql`WITH RECURSIVE ${firstTasks(reach)}
    SELECT t.id FROM firsts f JOIN gap_tasks t ON t.id = f.id
    WHERE t.dt BETWEEN ${reach.fromDt} AND ${reach.toDt} AND ${isFree(reach)} LIMIT 1`)
  return found !== undefined
}
