/** Versions of cells that more than one vendor has delivered, those that were taken over unread among them. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'
import { evidenceOfDays } from '../packed-months/both-forms.ts'
import { partsBetween } from './list-accepted.ts'

export interface StoredVersion {
  symbol: string
  dt: string
  vendor: string
}

/** Ten days at a time, as for the accepted ones. */
export async function listContested(db: Db, dataset: string, fromDt: string, toDt: string): Promise<StoredVersion[]> {
  const contested: StoredVersion[] = []
  for (const { first, last } of partsBetween(fromDt, toDt)) {
    const rows = await db.all<{ symbol: string; dt: string; vendors: string }>(sql`
      SELECT symbol, dt, json_group_array(vendor) AS vendors FROM ${evidenceOfDays(dataset, first, last, ['outcome', 'digest'])} e
      WHERE ${isStoredVersion('e')} GROUP BY symbol, dt HAVING count(*) > 1`)
    for (const { symbol, dt, vendors } of rows)
      for (const vendor of JSON.parse(vendors) as string[]) contested.push({ symbol, dt, vendor })
  }
  return contested
}
