/** The SQL that compares two vendors' daily bars with each other, and each with its own neighbours. Knows numbers only. */
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { actionsSql, aroundColumns, aroundJson, barsSql, type DailySources, earlierSql } from './daily-facts.ts'
import { dailyMeasuresSql } from './daily-measures.ts'
import { differencesSql } from './pair-differences.ts'

const isBroken = (at: 1 | 2): string => {
  const half = `IF(open${at} >= 1, 0.005001, 0.0000501)`
  return `NOT coalesce(least(open${at}, high${at}, low${at}, close${at}) > 0 AND isfinite(open${at} + high${at} + low${at} + close${at})
    AND high${at} >= greatest(open${at}, close${at}, low${at}) - ${half} AND low${at} <= least(open${at}, close${at}) + ${half}, false)`
}

const excursion = (bar: string): string => `(abs(${bar}.gap) + coalesce(abs(${bar}.gap_after), 0))`
const wick = (bar: string): string => `greatest(coalesce(${bar}.spike, 0), 0)`
/** Of the calmer of the two: a price that leaves it is no part of its own scale, but a version may have done so before. */
const scaleOf = (name: string): string => `least(f.${name}, s.${name})`

/**
 * One row per (symbol, dt) of `second` (see second-rows.ts) that `file` has as well: `second`, a JSON text of PairFacts. Each version is measured as
 * if its vendor's were the only ones: the second's neighbours are the second's where it has them.
 */
export function dailyPairsSql(file: string, second: string, sources: DailySources): string {
  const { bars, days, from, to } = sources
  const two = (sql: string): string =>
    `(SELECT '1' || symbol AS symbol, * EXCLUDE (symbol) FROM (${sql}) UNION ALL SELECT '2' || symbol, * EXCLUDE (symbol) FROM (${sql}))`
  const values = ['open', 'high', 'low', 'close', 'volume']
  const oneOf = (at: 1 | 2): string => values.map((name) => `arg_min(${name}, ts) AS ${name}${at}`).join(', ')
  return `
    WITH paired_bars AS MATERIALIZED (SELECT * FROM (${barsSql(bars, from, to)}) WHERE symbol IN (SELECT symbol FROM ${second})),
    second_bars AS MATERIALIZED (SELECT symbol, dt, any_value(vendor) AS second_vendor, any_value(refused) AS refused, any_value(may_return) AS may_return, ${oneOf(2)}, 1 AS row_count2 FROM ${second} GROUP BY symbol, dt),
    pairs AS (
      SELECT c.*, s.* EXCLUDE (symbol, dt) FROM (
        SELECT symbol, dt, any_value(vendor) AS vendor, ${oneOf(1)}, 1 AS row_count1 FROM ${readParquet(file)}
        WHERE symbol IN (SELECT symbol FROM ${second}) GROUP BY symbol, dt) c
      JOIN second_bars s ON s.symbol = c.symbol AND s.dt = c.dt AND s.second_vendor <> c.vendor),
    apart AS MATERIALIZED (SELECT *, ${isBroken(1)} AS broken1, ${isBroken(2)} AS broken2 FROM (${differencesSql('SELECT * FROM pairs')})),
    versions AS MATERIALIZED (
      SELECT '1' || symbol AS symbol, * EXCLUDE (symbol) FROM paired_bars
      UNION ALL SELECT '2' || symbol, * EXCLUDE (symbol) FROM paired_bars ANTI JOIN second_bars USING (symbol, dt)
      UNION ALL SELECT '2' || symbol, dt, open2, high2, low2, close2, volume2 FROM second_bars
        WHERE low2 > 0 AND isfinite(high2) AND high2 >= greatest(open2, close2, low2) AND low2 <= least(open2, close2) AND isfinite(volume2)),
    measured AS MATERIALIZED (
      SELECT m.symbol, m.dt, gap, gap_after, spike, gap_scale, range_scale, wick_scale, size, usual_size, ${aroundColumns()}
      FROM (${dailyMeasuresSql({ bars: 'versions', days, earlier: two(earlierSql(bars, from)), actions: two(actionsSql(sources)) })}) m
      SEMI JOIN (SELECT unnest(['1' || symbol, '2' || symbol]) AS symbol, dt FROM second_bars) USING (symbol, dt)),
    shown AS (SELECT *, ${aroundJson()} AS around FROM measured)
    SELECT p.symbol, p.dt, p.second_vendor, json_object(${Object.entries(FACTS)
      .map(([name, sql]) => `${sqlText(name)}, ${sql}`)
      .join(', ')})::VARCHAR AS second
    FROM apart p LEFT JOIN shown f ON f.symbol = '1' || p.symbol AND f.dt = p.dt LEFT JOIN shown s ON s.symbol = '2' || p.symbol AND s.dt = p.dt`
}

const round = (sql: string): string => `round((${sql})::DOUBLE, 5)`

const FACTS = {
  open: round('p.open_apart'),
  high: round('p.high_apart'),
  low: round('p.low_apart'),
  close: round('p.close_apart'),
  crosswise: round('p.crosswise'),
  straight: round('p.straight'),
  range: round(scaleOf('range_scale')),
  volume: round('p.volume_apart'),
  volumeScatter: round('p.volume_scatter'),
  rows: 'NULL',
  rowsUsual: 'NULL',
  rowsScatter: 'NULL',
  firstBroken: 'p.broken1',
  secondBroken: 'p.broken2',
  excursion: round(`${excursion('f')} - ${excursion('s')} + ${wick('f')} - ${wick('s')}`),
  excursionScales: round(
    `(${excursion('f')} - ${excursion('s')}) / ${scaleOf('gap_scale')} + (${wick('f')} - ${wick('s')}) / ${scaleOf('wick_scale')}`,
  ),
  volumeExcursion: round('abs(f.size - f.usual_size) - abs(s.size - s.usual_size)'),
  firstAround: 'f.around::JSON',
  secondAround: 's.around::JSON',
  secondMinutes: 'NULL',
  isSecondRefused: 'p.refused',
  maySecondReturn: 'p.may_return',
}
