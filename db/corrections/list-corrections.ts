/** What vendors changed after an instant: each cell's change, how many there are per dataset, and which fields moved how far. */
import { and, count, eq, getTableColumns, gt, lte, sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { corrections, type KeptDifference } from './table.ts'

export interface Correction {
  dataset: string
  symbol: string
  dt: string
  vendor: string
  /** Digests of the vendor's rows for the cell: of the accepted version before, and of the answer. */
  previous: string
  digest: string
  rowsBefore: number
  rows: number
  /** Null where it was not measured. */
  difference: KeptDifference | null
  /** The window of re-reading that found it, as sessions after the day; null where something else did. */
  window: number | null
}

export interface CorrectionCount {
  dataset: string
  corrections: number
  /** How many of them could be measured. */
  measured: number
}

export interface FieldMove {
  dataset: string
  field: string
  cells: number
  rows: number
  /** Relative to the value before; null where the field is no number. */
  largest: number | null
}

export interface Corrections {
  /** In the order of dataset, symbol, day; at most as many as were asked for. */
  cells: Correction[]
  /** All of them. */
  counts: CorrectionCount[]
  fields: FieldMove[]
}

export type CorrectionVerdict = (typeof corrections.$inferSelect)['verdict']

/** Changes found after the instant `since` (epoch ms), of days up to `asof`: those that were taken, or those that were not. */
export async function listCorrections(
  db: Db,
  verdict: CorrectionVerdict,
  since: number,
  asof: string,
  limit: number,
): Promise<Corrections> {
  const { at: _, verdict: __, ...shown } = getTableColumns(corrections)
  const wanted = and(gt(corrections.at, since), lte(corrections.dt, asof), eq(corrections.verdict, verdict))
  const { dataset, symbol, dt, vendor, at, digest, difference } = corrections
  return {
    cells: await db.orm
      .select(shown)
      .from(corrections)
      .where(wanted)
      .orderBy(dataset, symbol, dt, vendor, at, digest)
      .limit(limit),
    counts: await db.orm
      .select({ dataset, corrections: count(), measured: count(difference) })
      .from(corrections)
      .where(wanted)
      .groupBy(dataset)
      .orderBy(dataset),
    fields: await db.all<FieldMove>(sql`
      SELECT dataset, f.value->>'field' AS field, count(*) AS cells, sum(f.value->>'rows') AS rows, max(f.value->>'largest') AS largest
      FROM corrections, json_each(difference, '$.fields') f
      WHERE at > ${since} AND dt <= ${asof} AND verdict = ${verdict} GROUP BY 1, 2 ORDER BY 1, 2`),
  }
}
