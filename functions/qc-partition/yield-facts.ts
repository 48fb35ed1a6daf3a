/** The SQL that measures every cell of a wide file of yields at once: a day is a row, a series a column. */
import type { DatasetConfig } from '../../config/schema.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { NOT_OF_ACTIONS, NOT_OF_BARS, nullsByColumn, sourcesSql } from './bar-facts.ts'
import { type CuratedColumns, requiredColumns } from './curated-columns.ts'

/** Percent per year beyond which no yield of a Treasury is believed; negative ones within it are real. */
const MOST_PERCENT = 100

/** How a day's curve stands to the days around it and to itself. In percentage points, but for the count. */
export interface CurveFacts {
  /** Most that a value is off those of the day before and the day after, to the same side of both. */
  undone: number
  /** Most that a value is off the line between the maturities beside it, over the logarithm of time. */
  kink: number
  /** Values of the day where each is that of the day before; 0 where one is not. */
  repeated: number
}

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
      ${count((id) => `isfinite(${id}) AND abs(${id}) > ${MOST_PERCENT}`)} AS impossible_yields,
      to_json({ undone: round(max(undone), 4), kink: round(max(kink), 4), repeated: max(repeated) }) AS curve
    FROM (SELECT *, ${curveSql(usable)} FROM ${readParquet(file)} WINDOW days AS (ORDER BY date))
    GROUP BY date`
}

/** The measures of CurveFacts for each row. `ids` are quoted columns in the order of the configuration, which is that of their maturities. */
function curveSql(ids: readonly string[]): string {
  const undone = ids.map((id) => {
    const [before, after] = [`${id} - lag(${id} IGNORE NULLS) OVER days`, `${id} - lead(${id} IGNORE NULLS) OVER days`]
    const isUndone = `isfinite(${before}) AND isfinite(${after}) AND sign(${before}) = sign(${after})`
    return `IF(${isUndone}, least(abs(${before}), abs(${after})), 0)`
  })
  const kinks = ids.slice(1, -1).flatMap((id, at) => {
    const [shorter, longer] = [ids[at]!, ids[at + 2]!]
    const [from, here, to] = [shorter, id, longer].map((one) => Math.log(tenorOf(one)))
    const share = (here! - from!) / (to! - from!)
    // A series whose name is no maturity lies on no line.
    if (!(share > 0 && share < 1)) return []
    const off = `${id} - (${shorter} + ${share} * (${longer} - ${shorter}))`
    return [`IF(isfinite(${off}), abs(${off}), 0)`]
  })
  const values = ['0', ...ids.map((id) => `IF(isfinite(${id}), 1, 0)`)].join(' + ')
  const equal = ['0', ...ids.map((id) => `IF(${id} = lag(${id}) OVER days, 1, 0)`)].join(' + ')
  return `greatest(0.0, ${['0.0', ...undone].join(', ')}) AS undone, greatest(0.0, ${['0.0', ...kinks].join(', ')}) AS kink,
      IF(${equal} = ${values}, ${values}, 0) AS repeated`
}

/** Years to maturity by FRED's names of constant maturities: DGS1MO, DGS10; NaN for another name. */
function tenorOf(id: string): number {
  const [, number, months] = /^"?DGS(\d+)(MO)?"?$/.exec(id) ?? []
  return Number(number) / (months === undefined ? 1 : 12)
}
