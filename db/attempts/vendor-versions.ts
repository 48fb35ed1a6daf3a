/** What the evidence says of one vendor's cells of a day: versions on the disk, and lost ones. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'
import { evidenceOfDays } from '../packed-months/both-forms.ts'

export interface Version {
  symbol: string
  dt: string
  rows: number
  /** Its first digits; null for a version that nobody read, and for a lost one. */
  digest: string | null
  /** Also when a person had it removed. */
  isLost: boolean
  isForgotten: boolean
  /** Epoch ms of the last answer, or of the loss. */
  at: number
}

/** Those of one day. */
export async function vendorVersions(db: Db, dataset: string, vendor: string, dt: string): Promise<Version[]> {
  const columns = ['rows', 'digest', 'outcome', 'at'] as const
  const rows = await db.all<Omit<Version, 'isLost' | 'isForgotten'> & { outcome: string }>(sql`
    SELECT symbol, dt, rows, digest, outcome, at FROM ${evidenceOfDays(dataset, dt, dt, columns, vendor)} e
    WHERE ${isStoredVersion('e')} OR outcome IN ('lost', 'forgotten') ORDER BY symbol`)
  return rows.map(({ outcome, ...row }) => ({
    ...row,
    isLost: outcome === 'lost' || outcome === 'forgotten',
    isForgotten: outcome === 'forgotten',
  }))
}
