/** What one vendor's attempts say of a dataset's cells, page by page in the order of the table's key: versions on the disk, and lost ones. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'

export interface Version {
  symbol: string
  dt: string
  rows: number
  /** Null for a version that nobody read, and for a lost one. */
  digest: string | null
  /** Also when a person had it removed. */
  isLost: boolean
  isForgotten: boolean
  /** Epoch ms of the last answer, or of the loss. */
  at: number
}

/** At most `limit` versions behind the cell `after`, null to begin with. */
export async function pageVersions(
  db: Db,
  dataset: string,
  vendor: string,
  after: { symbol: string; dt: string } | null,
  limit: number,
): Promise<Version[]> {
  const rows = await db.all<Omit<Version, 'isLost' | 'isForgotten'> & { outcome: string }>(sql`
    SELECT symbol, dt, rows, digest, outcome, at FROM attempts
    WHERE dataset = ${dataset} AND vendor = ${vendor} AND (dt, symbol) > (${after?.dt ?? ''}, ${after?.symbol ?? ''})
      AND (${isStoredVersion('attempts')} OR outcome IN ('lost', 'forgotten'))
    ORDER BY dt, symbol LIMIT ${limit}`)
  return rows.map(({ outcome, ...row }) => ({
    ...row,
    isLost: outcome === 'lost' || outcome === 'forgotten',
    isForgotten: outcome === 'forgotten',
  }))
}
