/** Where the walks over older raw files stand. */
import { and, eq, isNull, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { adoptions } from './table.ts'

/** What is walked, and how strictly. */
export interface Walk {
  vendor: string
  dataset: string
  verify: string
}

const isWalk = ({ vendor, dataset, verify }: Walk) =>
  and(eq(adoptions.vendor, vendor), eq(adoptions.dataset, dataset), eq(adoptions.verify, verify))

/** The last place a walk looked at and whether it came to the end; undefined before its first step. */
export async function findWalk(db: Db, walk: Walk): Promise<{ place: string; endedAt: number | null } | undefined> {
  const [row] = await db.orm
    .select({ place: adoptions.place, endedAt: adoptions.endedAt })
    .from(adoptions)
    .where(isWalk(walk))
  return row
}

/** Part of a batch: the walk has come to a place. */
export const stepTo = ({ vendor, dataset, verify }: Walk, place: string, now: number) => sql`
  INSERT INTO adoptions (vendor, dataset, verify, place, ended_at, updated_at)
  VALUES (${vendor}, ${dataset}, ${verify}, ${place}, NULL, ${now})
  ON CONFLICT DO UPDATE SET place = excluded.place, ended_at = NULL, updated_at = excluded.updated_at`

/** Begins walks anew, all of them, unless one of them is under way. Their places are then before the first one. */
export async function beginAnew(db: Db, walks: readonly Walk[], now: number): Promise<void> {
  const these = sql`(SELECT value->>'vendor', value->>'dataset', value->>'verify' FROM json_each(${JSON.stringify(walks)}))`
  await db.write([
    sql`UPDATE adoptions SET place = '', ended_at = NULL, updated_at = ${now}
        WHERE (vendor, dataset, verify) IN ${these} AND NOT EXISTS (
          SELECT 1 FROM adoptions w WHERE (w.vendor, w.dataset, w.verify) IN ${these} AND w.ended_at IS NULL)`,
  ])
}

/** Notes that a walk came to the end; one that had is left as it is. */
export async function endWalk(db: Db, walk: Walk, now: number): Promise<void> {
  await db.orm
    .update(adoptions)
    .set({ endedAt: now, updatedAt: now })
    .where(and(isWalk(walk), isNull(adoptions.endedAt)))
}
