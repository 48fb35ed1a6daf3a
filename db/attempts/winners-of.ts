/** Whose version of a present cell is the one that counts, by curation's order: good versions before refused ones, then preference. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'
import { evidenceOfCells } from '../packed-months/both-forms.ts'

/** `preferred` are all vendors of the dataset, the preferred one first. Cells nobody has delivered are left out. */
export const winnersOf = (
  db: Db,
  dataset: string,
  cells: readonly { symbol: string; dt: string }[],
  preferred: readonly string[],
): Promise<{ symbol: string; dt: string; vendor: string }[]> =>
  db.all(sql`
    WITH ranks AS MATERIALIZED (SELECT value AS vendor, key AS rank FROM json_each(${JSON.stringify(preferred)})),
    wanted AS MATERIALIZED (SELECT DISTINCT value->>0 AS symbol, value->>1 AS dt
      FROM json_each(${JSON.stringify(cells.map(({ symbol, dt }) => [symbol, dt]))}))
    SELECT symbol, dt, vendor FROM (
      SELECT a.symbol, a.dt, a.vendor, row_number() OVER (PARTITION BY a.symbol, a.dt ORDER BY a.refused_for IS NOT NULL,
        coalesce((SELECT rank FROM ranks WHERE vendor = a.vendor), 999), a.vendor) AS place
      FROM ${evidenceOfCells(dataset, sql`wanted`, ['digest', 'refused_for'])} a WHERE a.digest IS NOT NULL)
    WHERE place = 1 ORDER BY symbol, dt`)
