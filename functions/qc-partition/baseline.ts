/** The SQL of a symbol's baseline: in which share of a session's minutes it usually trades. */
import { readParquet } from '../_lake/parquet-sql.ts'

/** One row per (symbol, dt) of `files`: regular bars divided by the minutes of the session. Days without a bar have none. */
const tradedShareSql = (files: readonly string[], days: string): string => `
      SELECT b.symbol, b.dt, count(*) / any_value(d.session_minutes) AS share
      FROM ${readParquet(files)} b JOIN ${days} d ON d.dt = b.dt
      WHERE epoch_us(b.ts) >= d.open_us AND epoch_us(b.ts) < d.close_us
      GROUP BY b.symbol, b.dt`

/**
 * One row per symbol: the median over its days in `files`, and how many there are. A median, because a few broken days among them must
 * not move it: the result is the baseline on complete days.
 */
export const recentBaselineSql = (files: readonly string[], days: string): string => `
    SELECT symbol, median(share) AS share, count(*) AS days FROM (${tradedShareSql(files, days)}) GROUP BY symbol ORDER BY symbol`

/**
 * One row per (symbol, dt) of `cells`: the median over the symbol's OTHER days in `files` of regular bars divided by session
 * minutes, and how many such days there are. A median, because a few broken days among the neighbours must not move it.
 * The day itself stays out: a short day would lower the bar it is held against.
 */
export function baselineSql(cells: string, files: readonly string[], days: string): string {
  if (files.length === 0) return `SELECT symbol, dt, NULL::DOUBLE AS share, 0 AS baseline_days FROM ${cells}`
  return `
    WITH traded AS (${tradedShareSql(files, days)})
    SELECT c.symbol, c.dt, median(t.share) AS share, count(t.share) AS baseline_days
    FROM ${cells} c LEFT JOIN traded t ON t.symbol = c.symbol AND t.dt <> c.dt
    GROUP BY c.symbol, c.dt`
}
