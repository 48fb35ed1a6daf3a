/** views.sql of a bundle: how DuckDB reads each dataset with the instant from which a row was known, daily bars with adjusted prices, and the universe of a day. */

import { FACTORS_KNOWN, joinOf, UNDERLYING_CLOSE } from './as-of-sql.ts'
import type { DatedTable } from './availability.ts'

export const VIEWS = 'views.sql'

/** The adjusted columns: name, and what is done to the raw one. */
const ADJUSTED = ['open', 'high', 'low', 'close', 'vwap']
const FACTORS = `'tables/adjustment_factors.parquet'`
const BARS = `'curated/equities_bars/*/*.parquet'`

/**
 * The text of the file. Its paths are relative: DuckDB is started in the bundle's folder. A bar is adjusted by the cumulative factor of the first
 * ex-date after its day, and by nothing where there is none.
 */
export function viewsText(tables: readonly DatedTable[], hasFactors: boolean): string {
  const views = tables.map((table) =>
    table.name === 'equities_bars' && hasFactors ? adjustedView(table) : datedView(table),
  )
  const hasBars = tables.some(({ name }) => name === 'equities_bars')
  return `-- Start DuckDB in the folder of this file:  duckdb -init views.sql
-- available_at: the instant from which a trader could have known the row.
-- <table>_knowable(instant): what a trader could have known at an instant, by published rules.
-- <table>_accepted(day): what the bundle of a day could have: of actions those that the node had accepted, of yields what was published.
CREATE OR REPLACE TEMP MACRO universe_on(as_of) AS TABLE
SELECT instrument_id, symbol, ticker FROM 'tables/universe.parquet'
WHERE coalesce(first_day <= as_of, true) AND coalesce(last_day >= as_of, true) ORDER BY symbol;

${[...views, ...(hasBars ? [seriesView(hasFactors)] : [])].join('\n')}`
}

function adjustedView(table: DatedTable): string {
  return `CREATE OR REPLACE TEMP VIEW adjustment_factors AS FROM ${FACTORS};

-- Daily bars as traded, and the same adjusted to the share count and price level of the newest day.
-- split_*: for splits and stock dividends. total_*: for cash dividends as well.
CREATE OR REPLACE TEMP VIEW equities_bars AS
${adjustedSql(table, 'adjustment_factors')};

-- The same, adjusted to the share count and price level of the instant or day: ex-dates to come change nothing.
CREATE OR REPLACE TEMP MACRO equities_bars_knowable(as_of) AS TABLE
SELECT * FROM (${adjustedSql(table, knownFactors('knowable'))}) WHERE available_at <= as_of;
CREATE OR REPLACE TEMP MACRO equities_bars_accepted(as_of) AS TABLE
SELECT * FROM (${adjustedSql(table, knownFactors('accepted'))}) WHERE dt <= as_of;
`
}

const knownFactors = (mode: keyof typeof FACTORS_KNOWN): string =>
  `(${FACTORS_KNOWN[mode].replace('{factors}', FACTORS).replace('{days}', daysOf('corporate_actions')).replaceAll('{as_of}', 'as_of')})`

function adjustedSql(table: DatedTable, factors: string): string {
  const prices = (suffix: string, factor: string): string =>
    ADJUSTED.map((name) => `  b.${name} * ${factor} AS ${name}${suffix}`).join(',\n')
  return `SELECT b.symbol, b.dt, b.ts, b.open, b.high, b.low, b.close, b.volume, b.vwap,
${prices('_split', 'coalesce(f.cumulative_split_factor, 1)')},
  b.volume / coalesce(f.cumulative_split_factor, 1) AS volume_split,
${prices('_total', 'coalesce(f.cumulative_total_return_factor, 1)')},
  ${table.at} AS available_at
FROM ${BARS} b
ASOF LEFT JOIN ${factors} f ON f.symbol = b.symbol AND f.dt > b.dt
${joinOf(table, daysOf(table.dataset))}`
}

function datedView(table: DatedTable): string {
  const { name, dataset, at, accepted, hasUnderlyingClose, isByName } = table
  const files = name === dataset ? `curated/${name}/*/*.parquet` : `tables/${name}.parquet`
  const closes = hasUnderlyingClose ? [UNDERLYING_CLOSE.replace('{bars}', BARS)] : []
  const joins = [...closes, joinOf(table, daysOf(dataset))].filter((join) => join !== '').map((join) => `\n${join}`)
  const more = hasUnderlyingClose ? 'u.close AS underlying_close, ' : ''
  return `CREATE OR REPLACE TEMP VIEW ${name} AS
SELECT b.*, ${more}${at} AS available_at FROM read_parquet('${files}', hive_partitioning = false${isByName ? ', union_by_name = true' : ''}) b${joins.join('')};
CREATE OR REPLACE TEMP MACRO ${name}_knowable(as_of) AS TABLE SELECT * FROM ${name} WHERE available_at <= as_of;
${accepted === null ? '' : `CREATE OR REPLACE TEMP MACRO ${name}_accepted(as_of) AS TABLE SELECT * FROM ${name} b WHERE ${accepted} <= as_of;\n`}`
}

/** Sessions of silence after which a series is not read on without a mark. */
const LONG_SILENCE = 20
/** Flags that say how old or late a price is of what was applied break nothing. */
const HARMLESS = `'', 'PREVIOUS_CLOSE_IS_OLDER', 'SPIN_OFF_PRICED_LATER'`

/** Daily bars with their instrument, the ticker of the day, and a mark where the series must not be read across. */
function seriesView(hasFactors: boolean): string {
  const flags = hasFactors
    ? `nullif(array_to_string(list_filter(string_split(f.flags, ','), lambda flag: flag NOT IN (${HARMLESS})), ','), '')`
    : 'NULL'
  const factors = hasFactors ? `\nASOF LEFT JOIN adjustment_factors f ON f.symbol = b.symbol AND f.dt <= b.dt` : ''
  return `-- Daily bars by instrument, with the ticker of the day. series_break: why the bar does not compare with the one before: a silence of more than ${LONG_SILENCE}
-- sessions (another company may have the ticker since), or what the adjustment factors do not apply. Empty where it does.
CREATE OR REPLACE TEMP VIEW bars_by_instrument AS
SELECT i.instrument_id, t.ticker, b.* EXCLUDE (n, n_before, dt_before),
  nullif(concat_ws(',', CASE WHEN b.n - b.n_before > ${LONG_SILENCE} THEN 'SILENCE' END${hasFactors ? `, CASE WHEN f.dt > b.dt_before THEN ${flags} END` : ''}), '') AS series_break
FROM (
  SELECT b.*, s.n, lag(s.n) OVER w AS n_before, lag(b.dt) OVER w AS dt_before FROM equities_bars b
  LEFT JOIN (SELECT dt, row_number() OVER (ORDER BY dt) AS n FROM 'tables/calendar.parquet' WHERE calendar = 'xnys') s ON s.dt = b.dt
  WINDOW w AS (PARTITION BY b.symbol ORDER BY b.dt)
) b
LEFT JOIN 'tables/instruments.parquet' i ON i.symbol = b.symbol
LEFT JOIN 'tables/universe.parquet' t ON t.symbol = b.symbol AND coalesce(t.first_day <= b.dt, true) AND coalesce(t.last_day >= b.dt, true)${factors};
`
}

const daysOf = (dataset: string): string =>
  `(SELECT dt, available_at FROM 'tables/availability.parquet' WHERE dataset = '${dataset}')`
