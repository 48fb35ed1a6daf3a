/** The SQL that measures every cell of a file of corporate actions at once. Knows numbers, not what is wrong with them. */
import type { DatasetConfig } from '../../config/schema.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { NOT_OF_BARS, nullsByColumn } from './bar-facts.ts'
import { CONTRADICTS, type CuratedColumns, requiredColumns } from './curated-columns.ts'

/** Kinds that are a ratio of shares, and those that are dollars a share. A name changes without either. */
const RATIOS = ['split', 'stock_dividend', 'spin_off', 'unit_split']
const DOLLARS = ['cash_dividend', 'capital_gains_distribution']
const NEEDED = ['kind', 'effective_date', 'cash', 'old_shares', 'new_shares'] as const
/** Longest stretch without a session that an action may have waited for its cell: the exchange's longest closure since 1990 is six days. */
const LONGEST_CLOSURE_DAYS = 7

/** The measures of one file, one row per (symbol, dt), in the columns that bar-facts.ts has too. */
export function eventFactsSql(file: string, spec: DatasetConfig, columns: CuratedColumns): string {
  const nulls = requiredColumns(spec)
    .filter(({ name }) => columns.usable.has(name))
    .map(({ name }) => ({ name, condition: `"${name}" IS NULL` }))
  const has = NEEDED.every((name) => columns.usable.has(name))
  const count = (condition: string): string => (has ? `count(*) FILTER (WHERE ${condition})` : 'NULL::BIGINT')
  return `
    SELECT symbol, dt, count(*) AS row_count,
      ${nullsByColumn(nulls)} AS nulls,
      ${columns.wrong} AS wrong_columns,
      ${NOT_OF_BARS},
      ${sourceSql(columns, has)},
      NULL::BIGINT AS impossible_yields,
      ${count(IMPOSSIBLE)} AS impossible_terms,
      ${count(`effective_date > dt OR effective_date < dt - ${LONGEST_CLOSURE_DAYS}`)} AS misdated_rows,
      ${columns.usable.has(CONTRADICTS) ? `count(*) FILTER (WHERE ${CONTRADICTS})` : 'NULL::BIGINT'} AS contradicting_actions
    FROM ${readParquet(file)}
    GROUP BY symbol, dt`
}

/** A cell may have actions of several vendors: it is one of those whose terms cannot be, where there is one, because that version is then refused. */
function sourceSql({ usable }: CuratedColumns, hasTerms: boolean): string {
  const order = usable.has('vendor') ? `(${hasTerms ? `IF(${IMPOSSIBLE}, 0, 1)` : '1'}, vendor)` : '1'
  const columns = ['vendor', 'feed', 'adjustment'].map((name) =>
    usable.has(name) ? `arg_min(${name}, ${order}) AS ${name}` : `NULL::VARCHAR AS ${name}`,
  )
  return `${columns.join(', ')}, 0 AS mixed_sources`
}

const listOf = (kinds: readonly string[]): string => kinds.map(sqlText).join(', ')

/** NaN and infinity are no terms either; a value that is missing where it is needed compares as unknown and must count. */
const IMPOSSIBLE = `kind IN (${listOf(RATIOS)}) AND (old_shares > 0 AND new_shares > 0 AND isfinite(new_shares / old_shares)) IS NOT TRUE
        OR kind IN (${listOf(DOLLARS)}) AND (cash > 0 AND isfinite(cash)) IS NOT TRUE`
