/** What was corrected after an instant: each cell's correction, and how many there are per dataset. */
import { and, count, getTableColumns, gt, lte, max } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { corrections } from './table.ts'

export interface Correction {
  dataset: string
  symbol: string
  dt: string
  vendor: string
  /** Digests of the vendor's rows for the cell, before and after. */
  previous: string
  digest: string
  rowsBefore: number
  rows: number
  closeChange: number | null
  volumeChange: number | null
}

export interface CorrectionCount {
  dataset: string
  corrections: number
  closeChange: number | null
  volumeChange: number | null
}

export interface Corrections {
  /** In the order of dataset, symbol, day; at most as many as were asked for. */
  cells: Correction[]
  /** All of them. */
  counts: CorrectionCount[]
}

/** Corrections found after the instant `since` (epoch ms), of days up to `asof`. */
export async function listCorrections(db: Db, since: number, asof: string, limit: number): Promise<Corrections> {
  const { at: _, ...shown } = getTableColumns(corrections)
  const wanted = and(gt(corrections.at, since), lte(corrections.dt, asof))
  const { dataset, symbol, dt, vendor, at, digest, closeChange, volumeChange } = corrections
  return {
    cells: await db.orm
      .select(shown)
      .from(corrections)
      .where(wanted)
      .orderBy(dataset, symbol, dt, vendor, at, digest)
      .limit(limit),
    counts: await db.orm
      .select({ dataset, corrections: count(), closeChange: max(closeChange), volumeChange: max(volumeChange) })
      .from(corrections)
      .where(wanted)
      .groupBy(dataset)
      .orderBy(dataset),
  }
}
