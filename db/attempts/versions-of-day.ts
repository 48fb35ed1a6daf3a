/** What the database says of one day's versions: those that are on the disk, and those whose file was lost. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'
import { evidenceOfDays } from '../packed-months/both-forms.ts'

export interface StoredVersion {
  symbol: string
  vendor: string
  /** Distinct rows by the dataset's key; 0 where nobody counted. */
  rows: number
  /** Its first digits; null where the version was taken over unread. */
  digest: string | null
  /** True when the file that held it was lost: then it is no version any more. */
  isLost: boolean
  /** Epoch ms of the answer. */
  at: number
}

/** One row a vendor comes from the database: thousands of rows cost more to hand over than to find. */
export async function versionsOfDay(db: Db, dataset: string, dt: string): Promise<StoredVersion[]> {
  const rows = await db.all<{ vendor: string; cells: string }>(sql`
    SELECT vendor, json_group_array(json_array(symbol, rows, digest, outcome = 'lost', at)) AS cells
    FROM ${evidenceOfDays(dataset, dt, dt, ['rows', 'digest', 'outcome', 'at'])} e WHERE (${isStoredVersion('e')} OR outcome = 'lost') GROUP BY vendor ORDER BY vendor`)
  return rows.flatMap(({ vendor, cells }) =>
    (JSON.parse(cells) as [string, number, string | null, number, number][]).map(
      ([symbol, count, digest, isLost, at]) => ({ symbol, vendor, rows: count, digest, isLost: isLost === 1, at }),
    ),
  )
}
