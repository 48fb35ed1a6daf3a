/** Versions QC refused although another vendor has a good one: those never win a cell. No version of such a cell is packed. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'

export const listRefused = (
  db: Db,
  dataset: string,
  fromDt: string,
  toDt: string,
): Promise<{ vendor: string; symbol: string; dt: string }[]> =>
  db.all(sql`
    SELECT bad.vendor, bad.symbol, bad.dt FROM attempts bad
    WHERE bad.dataset = ${dataset} AND bad.dt BETWEEN ${fromDt} AND ${toDt} AND bad.refused_for IS NOT NULL
      AND EXISTS (SELECT 1 FROM attempts good
        WHERE good.dataset = bad.dataset AND good.symbol = bad.symbol AND good.dt = bad.dt AND good.vendor <> bad.vendor
          AND ${isStoredVersion('good')} AND good.refused_for IS NULL)`)

/** Versions QC refused, whether or not another vendor has a good one, with the flags joined by commas. */
export const listRefusedVersions = (
  db: Db,
  dataset: string,
  fromDt: string,
  toDt: string,
): Promise<{ vendor: string; symbol: string; dt: string; refusedFor: string }[]> =>
  db.all(sql`SELECT vendor, symbol, dt, refused_for AS refusedFor FROM attempts
    WHERE dataset = ${dataset} AND dt BETWEEN ${fromDt} AND ${toDt} AND refused_for IS NOT NULL`)
