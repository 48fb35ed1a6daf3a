/** How many cells of a vendor's day the database has a version of. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'

export async function countVersions(db: Db, dataset: string, dt: string, vendor: string): Promise<number> {
  const [row] = await db.all<{ cells: number }>(sql`
    SELECT count(*) AS cells FROM attempts
    WHERE dataset = ${dataset} AND dt = ${dt} AND vendor = ${vendor} AND ${isStoredVersion('attempts')}`)
  return row?.cells ?? 0
}
