/** The SQL that measures every cell of a wide file of yields at once: a day is a row, a series a column. */
import type { DatasetConfig } from '../../config/schema.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { NOT_OF_ACTIONS, NOT_OF_BARS, nullsByColumn, sourcesSql } from './bar-facts.ts'
import { type CuratedColumns, requiredColumns } from './curated-columns.ts'

/** Percent per year beyond which no yield of a Treasury is believed; negative ones within it are real. */
const MOST_PERCENT = 100

/** The measures of one file, one row per (group, date), in the columns that bar-facts.ts has too. */
export function yieldFactsSql(file: string, spec: DatasetConfig, columns: CuratedColumns): string {
  const groups = Object.entries(spec.groups ?? {})
  if (groups.length === 0)
    throw new Error('expected groups of series in config/datasets.yaml for a dataset of series, got none')
  return groups
    .map(([group, { series }]) =>
      groupSql(
        file,
        group,
        series.map(({ id }) => id),
        spec,
        columns,
      ),
    )
    .join('\nUNION ALL\n')
}

function groupSql(file: string, group: string, ids: string[], spec: DatasetConfig, columns: CuratedColumns): string {
  const usable = ids.filter((id) => columns.usable.has(id)).map((id) => `"${id}"`)
  const count = (condition: (id: string) => string) =>
    ['0', ...usable.map((id) => `count(*) FILTER (WHERE ${condition(id)})`)].join(' + ')
  const nulls = requiredColumns(spec)
    .filter(({ name }) => columns.usable.has(name))
    .map(({ name }) => ({ name, condition: `${name} IS NULL` }))
  // A missing value is fewer rows, not a broken column: the source has days without a 30-year bond. NaN is broken.
  const broken = usable.map((id) => ({ name: id.slice(1, -1), condition: `NOT isfinite(${id})` }))
  return `
    SELECT ${sqlText(group)} AS symbol, date AS dt, ${count((id) => `isfinite(${id})`)} AS row_count,
      ${nullsByColumn([...nulls, ...broken])} AS nulls,
      ${columns.wrong} AS wrong_columns,
      ${NOT_OF_BARS},
      ${sourcesSql(columns)},
      NULL::BIGINT AS impossible_terms, NULL::BIGINT AS misdated_rows, ${NOT_OF_ACTIONS},
      ${count((id) => `isfinite(${id}) AND abs(${id}) > ${MOST_PERCENT}`)} AS impossible_yields
    FROM ${readParquet(file)}
    GROUP BY date`
}
