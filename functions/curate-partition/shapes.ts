/** What a curated file looks like: the query that turns winning rows into its rows, in its order. */
import type { ColumnConfig, DatasetConfig } from '../../config/schema.ts'
import { MERGED_COLUMNS, mergedSql } from '../_actions/merged-actions.ts'
import { SQL_TYPE } from '../_lake/column-mapping.ts'
import { sqlText } from '../_lake/sql-text.ts'

/** The rows of a curated file, from the winning rows of its cells. */
export function curatedSql(spec: DatasetConfig, winners: string): string {
  switch (spec.expected_rows) {
    case 'series':
      return wideSql(spec, winners)
    case 'events':
      return actionsSql(spec, winners)
    default:
      return longSql(spec, winners)
  }
}

/**
 * Corporate actions, merged: symbol, dt, the dataset's other columns, sources, contradicts, vendor, feed, adjustment (those of the statement that is
 * shown); sorted by symbol, dt and the dataset's key. What a vendor withdrew is no row, and so needs no column.
 */
function actionsSql(spec: DatasetConfig, statements: string): string {
  const shown = spec.columns.filter(({ name }) => name !== 'withdrawn')
  const columns = shown.map((one) => (one.name === 'first_seen' ? 'seen AS first_seen' : column(one)))
  return `SELECT ${['symbol', 'dt', ...columns, ...MERGED_COLUMNS, 'vendor', 'feed', 'adjustment'].join(', ')}
    FROM (${mergedSql(statements, spec.columns)}) ORDER BY ${['symbol', 'dt', ...spec.key.map((name) => `"${name}"`)].join(', ')}`
}

/**
 * Long: symbol, dt, ts where there is one, the dataset's other columns, session (minute bars of stocks) or root and adjusted_contract (options), vendor, feed, adjustment; sorted by
 * symbol, dt and the dataset's key. Instants are TIMESTAMP WITH TIME ZONE, stored as microseconds adjusted to UTC: a reader that converts
 * zones shows the right instant and one that does not shows UTC; without the mark pandas and Spark would take it for local time.
 */
function longSql(spec: DatasetConfig, winners: string): string {
  const isStamp = ({ name }: ColumnConfig): boolean => name === 'ts'
  const columns = [...spec.columns.filter(isStamp), ...spec.columns.filter((one) => !isStamp(one))].map(column)
  const shown = ['symbol', 'dt', ...columns, ...derived(spec), 'vendor', 'feed', 'adjustment']
  const rows = spec.sessions === 'regular' ? regularOf(winners) : winners
  const key = ['symbol', 'dt', ...spec.key.map((name) => `"${name}"`)]
  return `SELECT ${shown.join(', ')} FROM ${newestOf(rows, key, key.join(', '), 'fetched_at DESC, file_row_number DESC')}`
}

/** Columns that follow from those of the dataset. */
function derived({ expected_rows: kind }: DatasetConfig): string[] {
  switch (kind) {
    case 'session_minutes':
      return [
        `CASE WHEN epoch_ms(ts) < opens THEN 'pre' WHEN epoch_ms(ts) < closes THEN 'regular' ELSE 'post' END AS session`,
      ]
    case 'contracts':
      return [`${ROOT} AS root`, `regexp_matches(${ROOT}, '[0-9]') AS adjusted_contract`]
    default:
      return []
  }
}

/** The root of an OCC symbol, with a vendor's prefix and padding or without; null for what is none. */
const ROOT = `nullif(regexp_extract(contract, '^(?:O:)?([0-9]?[A-Z]{1,5}[0-9]?) *[0-9]{6}[CP][0-9]{8}$', 1), '')`

/** The minutes between the session's open and close. */
const regularOf = (rows: string): string =>
  `(SELECT * FROM ${rows} WHERE epoch_ms(ts) >= opens AND epoch_ms(ts) < closes)`

/**
 * Yields, wide: date, a column per series of the group in config order (percent per year, null where the source has none), vendor, feed;
 * sorted by date. A day without any value is an absence and has no row. Of a series' vintages the newest counts: the one known from the
 * latest day on, of two of one day the later row in the file, which is the order in which the lake takes them for the newest too.
 */
function wideSql(spec: DatasetConfig, winners: string): string {
  const groups = Object.values(spec.groups ?? {})
  const [group] = groups
  if (!group || groups.length > 1) {
    throw new Error(
      `expected one series group in a wide dataset, got ${groups.length}: give the other group a dataset of its own`,
    )
  }
  const series = group.series.map(({ id }) => `max(value) FILTER (series = ${sqlText(id)}) AS "${id}"`)
  const known = group.series.map(({ id }) => sqlText(id)).join(', ')
  return `SELECT dt AS date, ${series.join(', ')}, vendor, feed FROM ${newestOf(
    winners,
    ['symbol', 'dt', 'series'],
    'symbol, dt, series',
    'realtime_start DESC NULLS LAST, file_row_number DESC, fetched_at DESC',
  )}
    GROUP BY dt, vendor, feed HAVING count(value) FILTER (series IN (${known})) > 0 ORDER BY date`
}

const column = ({ name, type }: ColumnConfig): string =>
  type === 'instant' ? `"${name}" AT TIME ZONE 'UTC' AS "${name}"` : `"${name}"::${SQL_TYPE[type]} AS "${name}"`

/**
 * One row per key in the order given: the first by `newest` (bars: the newest fetch, of equal ones the later row in the file). Sorted once and compared with the row
 * before: a window over each key would need memory for the whole partition (2 million rows do not fit into 256 MB), a sort spills.
 * `lag() OVER ()` without an order streams in the order of its input, which preserve_insertion_order keeps.
 */
function newestOf(rows: string, key: readonly string[], order: string, newest: string): string {
  const before = key.map((name, at) => `lag(${name}) OVER () AS before_${at}`)
  const isFirst = key.map((name, at) => `before_${at} IS DISTINCT FROM ${name}`)
  return `(SELECT * FROM (SELECT *, ${before.join(', ')} FROM (
      SELECT * FROM ${rows} ORDER BY ${order}, ${newest}, filename))
    WHERE ${isFirst.join(' OR ')})`
}
