/** How many queued tasks stand where a vendor may look, counted no further than the caller wants to know. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import type { VendorReach } from './claimable.ts'
import { openTurns } from './open-turns.ts'
import { onShelfOf, openShelves } from './shelves.ts'

/** Some of them may not be free after all: that shows only when each is looked at. Reads the queue's index alone. */
export async function countReach(db: Db, reach: VendorReach, most: number): Promise<number> {
  const turns = await openTurns(db, reach)
  const [row] = await db.all<{ count: number }>(sql`
    WITH RECURSIVE ${openShelves(reach)}
    SELECT coalesce(sum((SELECT count(*) FROM (SELECT 1 ${onShelfOf(reach)}
      AND t.priority = s.priority AND t.turn >= d.value->>'from' AND t.turn < d.value->>'before' LIMIT ${most}))), 0) AS count
    FROM shelves s CROSS JOIN json_each(${JSON.stringify(turns)}) d`)
  return Math.min(most, row?.count ?? 0)
}
