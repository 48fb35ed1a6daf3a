/** Which version of each cell a curated partition takes: the candidates found in raw, and the one that wins. */
import type { DatasetConfig } from '../../config/schema.ts'
import { withTable } from '../_lake/duck-table.ts'
import type { Lake } from '../_lake/lake.ts'
import { shadowedCells } from '../_lake/list-raw-files.ts'
import { rawFileParts } from '../_lake/paths.ts'
import type { Dt } from '../_market/dt.ts'
import { adjustmentOf } from '../_market/row.ts'

export interface Choice {
  spec: DatasetConfig
  /** Raw files of the partition, all vendors. */
  files: string[]
  /** Days whose rows count; with the session's hours. */
  sessions: readonly { dt: Dt; open: number; close: number }[]
  /** Best first; a vendor that is not named comes after those that are. */
  vendors: readonly string[]
  /** Versions that must not win. */
  refused: readonly { vendor: string; symbol: string; dt: Dt }[]
  /** DuckDB's table of the versions that may win: vendor, symbol, dt. */
  accepted: string
}

/** Cells of a vendor's day that lie in a shared file and that nobody accepted. */
export interface UnacceptedCells {
  vendor: string
  dt: Dt
  cells: number
}

/**
 * Runs `fn` with a subquery of the winning rows among `raw` (those of the chosen files, as `rawRows` gives them): raw columns (feed, adjustment filled in where an older file
 * does not say; vendor, and symbol where the path names one, are those of the path: that is what was accepted), `dt DATE`, `opens` and `closes` (epoch ms of the session), `filename`, `file_row_number`. Within a cell all rows are of
 * one vendor and feed, and of the cell's own file where it has one; duplicate stamps are still there. The winner is the best vendor by order, then the version with more distinct
 * rows by the dataset's key, then the newest fetch, then the feed's name. Of events every accepted version wins: what vendors state is merged row by row.
 * `rank` is the place of the vendor in the order, null for one that it does not name.
 */
export async function withWinners<T>(
  lake: Lake,
  choice: Choice,
  raw: string,
  fn: (rows: string, unaccepted: UnacceptedCells[]) => Promise<T>,
): Promise<T> {
  const { spec, files, sessions, vendors, refused, accepted } = choice
  const { duck } = lake
  const stamp = `(${spec.key.map((name) => `"${name}"`).join(', ')})`
  const adjustment = adjustmentOf(spec.expected_rows)

  const places = files.map((path) => {
    const parts = rawFileParts(lake.root, path)
    if (!parts) throw new Error(`expected a raw file, got ${path}`)
    return [path, parts.dt, parts.vendor, parts.symbol]
  })
  const shadowed = shadowedCells(lake.root, files).map(({ vendor, dt, symbol }) => [vendor, dt, symbol])
  const hours = sessions.map(({ dt, open, close }) => [dt, open, close])
  const bars = refused.map(({ vendor, symbol, dt }) => [vendor, symbol, dt])
  const order = vendors.map((vendor, at) => [vendor, at])

  return withTable(
    duck,
    'place',
    { filename: 'VARCHAR', dt: 'DATE', vendor: 'VARCHAR', symbol: 'VARCHAR' },
    places,
    (place) =>
      withTable(duck, 'shadowed', { vendor: 'VARCHAR', dt: 'DATE', symbol: 'VARCHAR' }, shadowed, (shadow) =>
        withTable(duck, 'hours', { dt: 'DATE', opens: 'BIGINT', closes: 'BIGINT' }, hours, (session) =>
          withTable(duck, 'refused', { vendor: 'VARCHAR', symbol: 'VARCHAR', dt: 'DATE' }, bars, (barred) =>
            withTable(duck, 'preference', { vendor: 'VARCHAR', rank: 'INTEGER' }, order, async (preference) => {
              const rows = `(SELECT r.* EXCLUDE (symbol, vendor, feed, adjustment, fetched_at),
              coalesce(p.symbol, r.symbol) AS symbol, p.vendor, coalesce(r.feed, 'unknown') AS feed,
              coalesce(r.adjustment, '${adjustment}') AS adjustment, coalesce(r.fetched_at, 'epoch'::TIMESTAMP) AS fetched_at,
              s.dt, s.opens, s.closes
            FROM ${raw} r JOIN ${place} p USING (filename) JOIN ${session} s ON s.dt = p.dt${
              shadowed.length === 0
                ? ''
                : ` WHERE p.symbol IS NOT NULL OR r.symbol IS NULL OR (p.vendor, p.dt, r.symbol) NOT IN (SELECT (vendor, dt, symbol) FROM ${shadow})`
            })`
              const [version, winner] = [`${place}_version`, `${place}_winner`]
              try {
                await duck.run(`CREATE TEMP TABLE ${version} AS
                SELECT symbol, dt, vendor, feed, max(fetched_at) AS fetched FROM ${rows} GROUP BY symbol, dt, vendor, feed`)
                const unaccepted = await duck.all<UnacceptedCells & Record<string, unknown>>(
                  `SELECT vendor, dt, count(*) AS cells FROM ${version} ANTI JOIN ${accepted} USING (vendor, symbol, dt)
                 WHERE symbol IS NOT NULL GROUP BY vendor, dt ORDER BY vendor, dt`,
                )
                const tables = { winner, version, rows, accepted, barred, preference, stamp }
                await duck.run(spec.expected_rows === 'events' ? everyVersionSql(tables) : winnersSql(tables))
                return await fn(
                  `(SELECT r.*, w.rank FROM ${rows} r JOIN ${winner} w USING (symbol, dt, vendor, feed))`,
                  unaccepted,
                )
              } finally {
                await duck.run(`DROP TABLE IF EXISTS ${winner}`)
                await duck.run(`DROP TABLE IF EXISTS ${version}`)
              }
            }),
          ),
        ),
      ),
  )
}

type Tables = Record<'winner' | 'version' | 'rows' | 'accepted' | 'barred' | 'preference' | 'stamp', string>

const everyVersionSql = (t: Tables): string =>
  `CREATE TEMP TABLE ${t.winner} AS SELECT symbol, dt, vendor, feed, rank
   FROM ${admittedSql(t)} LEFT JOIN ${t.preference} USING (vendor)`

/** Versions that somebody accepted and nobody refused. */
const admittedSql = (t: Tables): string =>
  `(SELECT * FROM ${t.version} SEMI JOIN ${t.accepted} USING (vendor, symbol, dt) ANTI JOIN ${t.barred} USING (vendor, symbol, dt))`

/** Distinct stamps are counted only where one vendor has two feeds for a cell: counting them everywhere would need memory for every bar. */
const winnersSql = (t: Tables): string =>
  `CREATE TEMP TABLE ${t.winner} AS
   WITH version AS MATERIALIZED (
     FROM ${admittedSql(t)}),
   contested AS (SELECT symbol, dt, vendor FROM version GROUP BY symbol, dt, vendor HAVING count(*) > 1),
   counted AS (
     SELECT symbol, dt, vendor, feed, count(DISTINCT ${t.stamp}) AS stamps
     FROM ${t.rows} SEMI JOIN contested USING (symbol, dt, vendor) GROUP BY symbol, dt, vendor, feed)
   SELECT DISTINCT ON (symbol, dt) symbol, dt, vendor, feed, rank
   FROM version LEFT JOIN counted USING (symbol, dt, vendor, feed) LEFT JOIN ${t.preference} USING (vendor)
   ORDER BY symbol, dt, rank NULLS LAST, vendor, stamps DESC, fetched DESC, feed`
