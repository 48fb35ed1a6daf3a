/** How many cells of a vendor's day the database has a version of. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'
import { evidenceOfDays } from '../packed-months/both-forms.ts'

export async function countVersions(db: Db, dataset: string, dt: string, vendor: string): Promise<number> {
  const [row] = await db.all<{ cells: number }>(sql`
    SELECT count(*) AS cells FROM ${evidenceOfDays(dataset, dt, dt, ['outcome', 'digest'], vendor)} AS versions
    WHERE ${isStoredVersion('versions')}`)
  return row?.cells ?? 0
}
