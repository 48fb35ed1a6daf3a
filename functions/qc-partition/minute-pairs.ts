/** The SQL that compares two vendors' minutes of a session: their prices, volume and number, and what the second measures by itself. Knows numbers only. */
import { sqlText } from '../_lake/sql-text.ts'
import { type MinuteSources, minuteFactsSql, soundMinutesSql } from './minute-facts.ts'
import { differencesSql } from './pair-differences.ts'

/** One row per (symbol, dt) of `second` (see second-rows.ts) that the bars have as well: `second`, a JSON text of PairFacts. */
export function minutePairsSql(second: string, { bars, before, daily }: MinuteSources, days: string): string {
  const paired = `(SELECT * FROM ${bars} SEMI JOIN (SELECT DISTINCT symbol, dt FROM ${second}) USING (symbol, dt))`
  return `
    WITH pairs AS (
      SELECT f.*, s.* EXCLUDE (symbol, dt), n.second_vendor, n.refused, n.may_return, v.vendor
      FROM (${sessionSql(paired, days, 1)}) f
      JOIN (${sessionSql(second, days, 2)}) s ON s.symbol = f.symbol AND s.dt = f.dt
      JOIN (SELECT symbol, dt, any_value(vendor) AS second_vendor, any_value(refused) AS refused, any_value(may_return) AS may_return FROM ${second} GROUP BY symbol, dt) n
        ON n.symbol = f.symbol AND n.dt = f.dt
      JOIN (SELECT symbol, dt, any_value(vendor) AS vendor FROM ${paired} GROUP BY symbol, dt) v ON v.symbol = f.symbol AND v.dt = f.dt AND v.vendor <> n.second_vendor)
    SELECT p.symbol, p.dt, p.second_vendor, json_object(${Object.entries(FACTS)
      .map(([name, sql]) => `${sqlText(name)}, ${sql}`)
      .join(', ')})::VARCHAR AS second
    FROM (${differencesSql('SELECT * FROM pairs')}) p
    LEFT JOIN (${minuteFactsSql({ bars: second, before, daily }, days)}) m ON m.symbol = p.symbol AND m.dt = p.dt`
}

const sessionSql = (bars: string, days: string, at: 1 | 2): string => `
      SELECT symbol, dt, arg_min(open, us) AS open${at}, max(high) AS high${at}, min(low) AS low${at}, arg_max(close, us) AS close${at},
        sum(volume) AS volume${at}, count(*) AS row_count${at}
      FROM (${soundMinutesSql(bars, days)}) WHERE regular GROUP BY symbol, dt`

const round = (sql: string): string => `round((${sql})::DOUBLE, 5)`

const FACTS = {
  open: round('p.open_apart'),
  high: round('p.high_apart'),
  low: round('p.low_apart'),
  close: round('p.close_apart'),
  // Of a session's first and last price alone nothing is said: the minutes between them say it (see OPEN_CLOSE_SWAPPED).
  crosswise: 'NULL',
  straight: 'NULL',
  range: round('ln(least(p.high1 / p.low1, p.high2 / p.low2))'),
  volume: round('p.volume_apart'),
  volumeScatter: round('p.volume_scatter'),
  rows: round('p.rows_raw'),
  rowsUsual: round('p.rows_apart'),
  rowsScatter: round('p.rows_scatter'),
  firstBroken: 'false',
  secondBroken: 'false',
  excursion: 'NULL',
  excursionScales: 'NULL',
  volumeExcursion: 'NULL',
  firstAround: 'NULL',
  secondAround: 'NULL',
  secondMinutes: 'm.minutes',
  isSecondRefused: 'p.refused',
  maySecondReturn: 'p.may_return',
}
