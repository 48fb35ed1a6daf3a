/** Whose version of a present cell is the one that counts, by curation's order: good versions before refused ones, then preference. */
import { sql } from 'drizzle-orm'
import type { Db } from '../client.ts'

/** `preferred` are all vendors of the dataset, the preferred one first. Cells nobody has delivered are left out. */
export const winnersOf = (
  db: Db,
  dataset: string,
  cells: readonly { symbol: string; dt: string }[],
  preferred: readonly string[],
): Promise<{ symbol: string; dt: string; vendor: string }[]> =>
  db.all(sql`
    WITH ranks AS MATERIALIZED (SELECT value AS vendor, key AS rank FROM json_each(${JSON.stringify(preferred)})),
    wanted AS (SELECT value->>0 AS symbol, value->>1 AS dt
      FROM json_each(${JSON.stringify(cells.map(({ symbol, dt }) => [symbol, dt]))}))
    SELECT w.symbol, w.dt, (
      SELECT a.vendor FROM attempts a WHERE a.dataset = ${dataset} AND a.symbol = w.symbol AND a.dt = w.dt AND a.digest IS NOT NULL
      ORDER BY a.refused_for IS NOT NULL, coalesce((SELECT rank FROM ranks WHERE vendor = a.vendor), 999), a.vendor LIMIT 1) AS vendor
    FROM wanted w WHERE EXISTS (
      SELECT 1 FROM attempts a WHERE a.dataset = ${dataset} AND a.symbol = w.symbol AND a.dt = w.dt AND a.digest IS NOT NULL)`)
