/** Raw files as one subquery of our rows, whoever wrote them: files of one footer shape are read together, foreign columns as what they mean. */
import type { DatasetConfig } from '../../config/schema.ts'
import { instantOf } from '../_calendar/zone.ts'
import { addDays, type Dt } from '../_market/dt.ts'
import { type ColumnMapping, columnMappingOf, SQL_TYPE, saidValue } from './column-mapping.ts'
import { rawColumns } from './encode.ts'
import { groupByShape, shapeOf } from './footers.ts'
import type { Lake } from './lake.ts'
import { readParquet } from './parquet-sql.ts'
import { rawFileParts } from './paths.ts'
import type { RowPlace } from './row-place.ts'
import { sqlText } from './sql-text.ts'
import { stampZones } from './stamp-zone.ts'
import { notedZones } from './zone-notes.ts'

/**
 * A subquery over raw files: the columns of a raw row plus `filename`, `file_row_number`, and what the row itself says of its symbol (`said_symbol`)
 * and of its day (`said_date`, where it names one). Files of our own shape are read as they are, but for what says nothing (see `saidValue`). Any
 * other is read through its spelling, in the zone that was noted when it was adopted: a column that it does not have, or that cannot be ours, is null;
 * `symbol` is that of the path where the path names one. Partition names in the path are not columns. Rejects with DuckDB's error when a file has no
 * footer. `stored` keeps the zeros of our own files that stand for unknown, which older digests were made of.
 */
export async function rawRows(
  lake: Lake,
  spec: DatasetConfig,
  files: readonly string[],
  zeros: 'said' | 'stored' = 'said',
): Promise<string> {
  const columns = rawColumns(spec.columns)
  const own = shapeOf(columns.map(({ name, type }) => ({ name, type: SQL_TYPE[type] })))
  const names = [...columns.map(({ name }) => `"${name}"`), 'filename', 'file_row_number'].join(', ')
  const volume = zeros === 'said' ? volumeOf(spec) : undefined
  // Our own files say their symbol in each row, and their day by their stamps.
  const values = [
    ...columns.map((column) => `${saidValue(column, `"${column.name}"`, volume)} AS "${column.name}"`),
    'filename, file_row_number, symbol AS said_symbol, NULL::DATE AS said_date',
  ].join(', ')
  const parts: string[] = []
  for (const group of await groupByShape(lake.duck, files)) {
    if (group.shape === own) {
      parts.push(`SELECT ${values} FROM ${parquetSql(group.files)}`)
    } else {
      const mapping = columnMappingOf(spec, group.columns)
      const rows = mappedRowsSql(mapping, await placesOf(lake, spec, mapping, group.files))
      parts.push(`SELECT ${names}, row_symbol AS said_symbol, date AS said_date FROM ${rows}`)
    }
  }
  // Without a file the columns are still there.
  if (parts.length === 0) {
    const nulls = columns.map(({ name, type }) => `NULL::${SQL_TYPE[type]} AS "${name}"`)
    parts.push(
      `SELECT ${nulls.join(', ')}, '' AS filename, 0 AS file_row_number, NULL::VARCHAR AS said_symbol, NULL::DATE AS said_date WHERE false`,
    )
  }
  return `(${parts.join(' UNION ALL ')})`
}

/**
 * A subquery over files of one spelling: `filename`, `file_row_number`, `symbol` (of the cell), the dataset's columns, then `mismatch`, `row_symbol`,
 * `vendor`, `feed`, `adjustment`, `fetched_at`, `date` as the rows say them. A value that does not fit its column is null.
 */
export function mappedRowsSql(mapping: ColumnMapping, places: readonly RowPlace[]): string {
  const said = mapping.symbol ?? 'NULL::VARCHAR'
  const columns = mapping.columns.map(({ name, sql }) => `${sql} AS "${name}"`)
  return `(SELECT r.filename, r.file_row_number, coalesce(p.symbol, ${said}) AS symbol, ${columns.join(', ')},
      (${mapping.mismatch}) AS mismatch, ${said} AS row_symbol, ${mapping.vendor} AS vendor, ${mapping.feed} AS feed, ${mapping.adjustment} AS adjustment,
      ${mapping.fetchedAt} AS fetched_at, ${mapping.date} AS date
    FROM ${parquetSql(places.map(({ file }) => file))} r JOIN ${placesSql(places)} p ON p.filename = r.filename)`
}

const volumeOf = ({ columns }: DatasetConfig): string | undefined =>
  columns.some(({ name }) => name === 'volume') ? '"volume"' : undefined

const parquetSql = (files: readonly string[]): string => readParquet(files, { filename: true, rowNumber: true })

/** Paths as rows: filename, dt, symbol, midnight and next_midnight (the instants at which the day begins and ends in New York), zone. A VALUES list of thousands takes a second. */
function placesSql(places: readonly RowPlace[]): string {
  const column = (name: string, type: string, values: (string | null)[]): string =>
    `unnest(from_json(${sqlText(JSON.stringify(values))}, '["${type}"]')) AS ${name}`
  const midnight = (dt: Dt): string => new Date(instantOf(dt, '00:00')).toISOString().replace('T', ' ').slice(0, 19)
  return `(SELECT ${[
    column(
      'filename',
      'VARCHAR',
      places.map(({ file }) => file),
    ),
    column(
      'dt',
      'DATE',
      places.map(({ dt }) => dt),
    ),
    column(
      'symbol',
      'VARCHAR',
      places.map(({ symbol }) => symbol),
    ),
    column(
      'midnight',
      'TIMESTAMP',
      places.map(({ dt }) => midnight(dt)),
    ),
    column(
      'next_midnight',
      'TIMESTAMP',
      places.map(({ dt }) => midnight(addDays(dt, 1))),
    ),
    column(
      'zone',
      'VARCHAR',
      places.map(({ zone = 'UTC' }) => zone),
    ),
  ].join(', ')})`
}

/** What the paths of foreign files say, and the zone each is read in. */
async function placesOf(
  lake: Lake,
  spec: DatasetConfig,
  mapping: ColumnMapping,
  files: readonly string[],
): Promise<RowPlace[]> {
  const parts = files.map((file) => {
    const said = rawFileParts(lake.root, file)
    if (!said) throw new Error(`expected a raw file, got ${file}`)
    return { file, ...said }
  })
  if (mapping.zoneless === null) return parts
  const noted = await notedZones(lake.root, parts)
  const zones = await stampZones(lake.duck, spec, mapping, parts, ({ file }) => noted.get(file) ?? null)
  return parts.map((place) => ({ ...place, zone: zones.get(place.file)?.zone ?? null }))
}
