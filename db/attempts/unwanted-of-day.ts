/** What the evidence says of one day's cells that are not expected: versions on the disk, lost ones, and answers without a version. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { holdsDay } from '../empty-months/final-none.ts'
import { symbolsOfNones } from '../empty-months/none-months.ts'
import { isStoredVersion } from '../manifests/stored-versions.ts'
import { evidenceOfDays } from '../packed-months/both-forms.ts'

export interface UnwantedVersion {
  symbol: string
  vendor: string
  /** Epoch ms of the answer. */
  at: number
  /** `stored`: a file holds it; `lost`: manifests tell of it; `none`: an answer without rows. */
  version: 'stored' | 'lost' | 'none'
}

/** `expected`: the symbols expected on that day, as a JSON list. `symbol`: only this one; null for all. What was forgotten already is left out. */
export const unwantedOfDay = (
  db: Db,
  { dataset, dt, symbol }: { dataset: string; dt: string; symbol: string | null },
  expected: string,
): Promise<UnwantedVersion[]> =>
  db.all<UnwantedVersion>(sql`
    WITH RECURSIVE ${symbolsOfNones(dataset)}
    SELECT symbol, vendor, at, CASE WHEN ${isStoredVersion('v')} THEN 'stored' WHEN outcome = 'lost' THEN 'lost' ELSE 'none' END AS version
    FROM ${evidenceOfDays(dataset, dt, dt, ['outcome', 'digest', 'at'])} v WHERE ${symbol === null ? sql`true` : sql`symbol = ${symbol}`}
      AND outcome <> 'forgotten' AND symbol NOT IN (SELECT value FROM json_each(${expected}))
    UNION ALL
    SELECT e.symbol, e.vendor, e.last_at, 'none' FROM symbols s CROSS JOIN empty_months e ON ${holdsDay(dataset, sql`s.symbol`, sql`${dt}`)}
    WHERE s.symbol NOT IN (SELECT value FROM json_each(${expected})) ${symbol === null ? sql`` : sql`AND s.symbol = ${symbol}`}
    ORDER BY vendor, symbol`)
