/** The SQL that measures every cell of a file of bars at once. Knows numbers, not what is wrong with them. */
import type { DatasetConfig } from '../../config/schema.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { type CuratedColumns, requiredColumns } from './curated-columns.ts'

const MICROS_PER_MINUTE = 60_000_000
/** Longest session that can be measured: one day. */
export const MOST_SESSION_MINUTES = 1440
/** Vendors round the four prices one by one: half a tick, a cent from one dollar on, is no contradiction. */
const HALF_TICK = 'IF(open >= 1, 0.005, 0.00005)'
const PRICES = ['open', 'high', 'low', 'close']

/** The measures of one file, one row per (symbol, dt); `days` is a table of sessions (see session-days.ts). */
export function barFactsSql(file: string, spec: DatasetConfig, columns: CuratedColumns, days: string): string {
  const counts = Object.entries(barCounts(spec, columns))
    .map(
      ([name, condition]) =>
        `${condition === null ? 'NULL::BIGINT' : `count(*) FILTER (WHERE ${condition})`} AS ${name}`,
    )
    .join(',\n      ')
  const hasMinutes = spec.expected_rows === 'session_minutes' && columns.usable.has('ts')
  return `
    SELECT b.symbol, b.dt, count(*) AS row_count,
      ${nullsSql(spec, columns)} AS nulls,
      ${columns.wrong} AS wrong_columns,
      ${counts},
      ${hasMinutes ? holeSql() : 'NULL::BIGINT'} AS longest_hole,
      ${sourcesSql(columns)},
      NULL::BIGINT AS impossible_yields,
      ${termsSql(spec, columns)}, ${NOT_OF_ACTIONS}
    FROM (
      SELECT *, ${columns.usable.has('ts') ? 'epoch_us(ts)' : 'NULL::BIGINT'} AS us
      FROM ${readParquet(file)}
    ) b JOIN ${days} d ON d.dt = b.dt
    GROUP BY b.symbol, b.dt`
}

/** Conditions on one bar by the name of what they count; null where a column they need is not usable. */
function barCounts(spec: DatasetConfig, { usable }: CuratedColumns): Record<string, string | null> {
  const isMinute = spec.timeframe === 'minute'
  const given = (names: readonly string[], condition: string) =>
    names.every((name) => usable.has(name)) ? condition : null
  // Files that were curated before a zero could mean unknown hold it still.
  const vwap = usable.has('volume') ? 'CASE WHEN vwap <> 0 OR volume <= 0 THEN vwap END' : 'vwap'
  const traded = usable.has('vwap') ? [vwap] : []
  const counted = ['volume', 'trades'].filter((name) => usable.has(name))
  return {
    regular_rows: isMinute ? given(['ts'], 'us >= open_us AND us < close_us') : null,
    outside_rows: given(
      ['ts'],
      isMinute ? 'us < early_us OR us >= late_us' : 'us < midnight_us OR us >= next_midnight_us',
    ),
    off_grid_stamps: given(
      ['ts'],
      isMinute ? `us % ${MICROS_PER_MINUTE} <> 0` : 'us > midnight_us AND us < next_midnight_us',
    ),
    non_positive_prices: given(PRICES, `least(${[...PRICES, ...traded].join(', ')}) <= 0`),
    ohlc_violations: given(
      PRICES,
      `high < greatest(open, close, low) - ${HALF_TICK} OR low > least(open, close, high) + ${HALF_TICK}`,
    ),
    negative_volumes: given(['volume'], counted.map((name) => `${name} < 0`).join(' OR ')),
    zero_volumes: given(['volume'], 'volume = 0'),
  }
}

/** Bars of contracts that cannot be (see occ.ts for their parts); nothing to say of bars of stocks. */
function termsSql(spec: DatasetConfig, { usable }: CuratedColumns): string {
  const has = ['expiration', 'right', 'strike'].every((name) => usable.has(name))
  if (spec.expected_rows !== 'contracts' || !has)
    return 'NULL::BIGINT AS impossible_terms, NULL::BIGINT AS misdated_rows'
  return `count(*) FILTER (WHERE strike <= 0 OR "right" NOT IN ('call', 'put')) AS impossible_terms,
      count(*) FILTER (WHERE expiration < b.dt) AS misdated_rows`
}

/** The measure that only corporate actions have, as a file without them has it. */
export const NOT_OF_ACTIONS = 'NULL::BIGINT AS contradicting_actions'

/** The measures that only bars have, as a file without bars has them; a row without a stamp is on every grid. */
export const NOT_OF_BARS = [
  ...['regular_rows', 'outside_rows', 'non_positive_prices', 'ohlc_violations', 'negative_volumes', 'zero_volumes'],
  'longest_hole',
]
  .map((name) => `NULL::BIGINT AS ${name}`)
  .concat('0 AS off_grid_stamps')
  .join(', ')

/** How many rows meet each column's condition, as a JSON object; null when none meets any. */
export function nullsByColumn(columns: { name: string; condition: string }[]): string {
  if (columns.length === 0) return 'NULL::JSON'
  const count = (condition: string) => `count(*) FILTER (WHERE ${condition})`
  const pairs = columns.map(({ name, condition }) => `${sqlText(name)}, ${count(condition)}`)
  const any = columns.map(({ condition }) => `(${condition})`).join(' OR ')
  return `CASE WHEN ${count(any)} > 0 THEN json_object(${pairs.join(', ')}) END`
}

/** Empty or non-finite values by required column. */
function nullsSql(spec: DatasetConfig, { usable }: CuratedColumns): string {
  const judged = requiredColumns(spec).filter((column) => usable.has(column.name))
  const optional = spec.columns.filter(
    (column) => column.optional && column.type === 'double' && usable.has(column.name),
  )
  const counts = [
    ...judged.map(({ name, type }) => [
      name,
      type === 'double' ? `"${name}" IS NULL OR NOT isfinite("${name}")` : `"${name}" IS NULL`,
    ]),
    // An optional price may be absent, but not infinite.
    ...optional.map(({ name }) => [name, `NOT isfinite("${name}")`]),
  ]
  return nullsByColumn(counts.map(([name, condition]) => ({ name: name ?? '', condition: condition ?? 'false' })))
}

/**
 * The longest run of session minutes without a bar. One bit per minute and cell instead of a window over all bars: a window
 * needs the whole partition in memory, the bits need 180 bytes a cell.
 */
function holeSql(): string {
  const bits = `bitstring_agg(((us - open_us) // ${MICROS_PER_MINUTE})::INTEGER, 0, ${MOST_SESSION_MINUTES - 1}) FILTER (WHERE us >= open_us AND us < close_us)`
  const runs = `string_split(left(CAST(${bits} AS VARCHAR), any_value(session_minutes)::INTEGER), '1')`
  return `coalesce(list_max([length(run) FOR run IN ${runs}]), any_value(session_minutes))`
}

/** Source columns of the cell and how many of them hold more than one value. */
export function sourcesSql({ usable }: CuratedColumns): string {
  const names = ['vendor', 'feed', 'adjustment'].filter((name) => usable.has(name))
  const mixed = names.map((name) => `(min(${name}) IS DISTINCT FROM max(${name}))::INTEGER`)
  return [
    ...['vendor', 'feed', 'adjustment'].map(
      (name) => `${usable.has(name) ? `min(${name})` : 'NULL::VARCHAR'} AS ${name}`,
    ),
    `${['0', ...mixed].join(' + ')} AS mixed_sources`,
  ].join(', ')
}
