/** views.sql of a bundle: how DuckDB reads each dataset with the instant from which a row was known, and daily bars with adjusted prices. */
import type { DatedTable } from './availability.ts'

export const VIEWS = 'views.sql'

/** The adjusted columns: name, and what is done to the raw one. */
const ADJUSTED = ['open', 'high', 'low', 'close', 'vwap']

/**
 * The text of the file. Its paths are relative: DuckDB is started in the bundle's folder. A bar is adjusted by the cumulative factor of the first
 * ex-date after its day, and by nothing where there is none.
 */
export function viewsText(tables: readonly DatedTable[], hasFactors: boolean): string {
  const views = tables.map((table) =>
    table.name === 'equities_bars' && hasFactors ? adjustedView(table) : datedView(table),
  )
  return `-- Start DuckDB in the folder of this file:  duckdb -init views.sql
-- available_at: the instant from which a trader could have known the row. For what was known at T: WHERE available_at <= T.
${views.join('\n')}`
}

function adjustedView(table: DatedTable): string {
  const prices = (suffix: string, factor: string): string =>
    ADJUSTED.map((name) => `  b.${name} * ${factor} AS ${name}${suffix}`).join(',\n')
  return `CREATE OR REPLACE TEMP VIEW adjustment_factors AS FROM 'tables/adjustment_factors.parquet';

-- Daily bars as traded, and the same adjusted to the share count and price level of the newest day.
-- split_*: for splits and stock dividends. total_*: for cash dividends as well.
CREATE OR REPLACE TEMP VIEW equities_bars AS
SELECT b.symbol, b.dt, b.ts, b.open, b.high, b.low, b.close, b.volume, b.vwap,
${prices('_split', 'coalesce(f.cumulative_split_factor, 1)')},
  b.volume / coalesce(f.cumulative_split_factor, 1) AS volume_split,
${prices('_total', 'coalesce(f.cumulative_total_return_factor, 1)')},
  ${table.at} AS available_at
FROM 'curated/equities_bars/*/*.parquet' b
ASOF LEFT JOIN adjustment_factors f ON f.symbol = b.symbol AND f.dt > b.dt
${joinText(table)};
`
}

function datedView(table: DatedTable): string {
  const { name, dataset, at, hasUnderlyingClose } = table
  const files = name === dataset ? `curated/${name}/*/*.parquet` : `tables/${name}.parquet`
  const stocks =
    "LEFT JOIN (SELECT symbol, dt, close FROM 'curated/equities_bars/*/*.parquet') u ON u.symbol = b.symbol AND u.dt = b.dt"
  const joins = [...(hasUnderlyingClose ? [stocks] : []), ...[joinText(table)].filter((join) => join !== '')]
  return `CREATE OR REPLACE TEMP VIEW ${name} AS
SELECT b.*, ${hasUnderlyingClose ? 'u.close AS underlying_close, ' : ''}${at} AS available_at FROM read_parquet('${files}', hive_partitioning = false) b${joins.map((join) => `\n${join}`).join('')};
`
}

const joinText = ({ join, dataset }: DatedTable): string =>
  join.replace('{days}', `(SELECT dt, available_at FROM 'tables/availability.parquet' WHERE dataset = '${dataset}')`)
