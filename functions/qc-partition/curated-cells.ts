/** Rows of some cells of a curated file, as the rows that they were made of. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { Lake } from '../_lake/lake.ts'
import { readParquet } from '../_lake/parquet-sql.ts'
import { sqlText } from '../_lake/sql-text.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Row } from '../_market/row.ts'
import { seriesOf } from './curated-columns.ts'

export interface CuratedCell {
  symbol: string
  dt: Dt
  vendor: string
  feed: string
  rows: Row[]
}

export interface CellName {
  symbol: string
  dt: Dt
}

/** Cells that have no row, or rows of more than one source, are left out: other checks speak of those. */
export async function readCuratedCells(
  lake: Lake,
  spec: DatasetConfig,
  file: string,
  cells: readonly CellName[],
): Promise<CuratedCell[]> {
  if (cells.length === 0) return []
  const isWide = spec.expected_rows === 'series'
  const found = await lake.duck.all<Record<string, unknown>>(
    `SELECT * FROM ${readParquet(file)} WHERE ${isWide ? wideFilter(cells) : longFilter(cells)}`,
  )
  const [group = ''] = Object.keys(spec.groups ?? {})
  const read = new Map<CellKey, CuratedCell | null>()
  for (const fields of found) {
    const { vendor, feed } = fields
    const symbol = isWide ? group : (fields.symbol as string)
    const dt = (isWide ? fields.date : fields.dt) as Dt
    if (typeof vendor !== 'string' || typeof feed !== 'string') continue
    const key = cellKey(symbol, dt)
    const cell = read.get(key)
    const rows = isWide ? yieldsOf(spec, fields) : [rowOf(spec, fields)]
    if (cell === undefined) read.set(key, { symbol, dt, vendor, feed, rows })
    else if (cell?.vendor === vendor && cell.feed === feed) cell.rows.push(...rows)
    else read.set(key, null)
  }
  return [...read.values()].filter((cell) => cell !== null)
}

/** The first two conditions let DuckDB pass over what no wanted cell can lie in. */
const longFilter = (cells: readonly CellName[]): string =>
  `symbol IN ${inList(cells.map(({ symbol }) => symbol))} AND dt IN ${inList(cells.map(({ dt }) => dt))}
    AND symbol || ' ' || dt::VARCHAR IN ${inList(cells.map(({ symbol, dt }) => cellKey(symbol, dt)))}`

const wideFilter = (cells: readonly CellName[]): string => `date IN ${inList(cells.map(({ dt }) => dt))}`

const inList = (values: readonly string[]): string => `(${[...new Set(values)].map(sqlText).join(', ')})`

/** A column that the file was curated without is null, as it is in the digest. */
function rowOf(spec: DatasetConfig, fields: Record<string, unknown>): Row {
  return Object.fromEntries(spec.columns.map(({ name }) => [name, fields[name] ?? null])) as unknown as Row
}

/** A series without a value and one that the source left out look alike in a curated file. */
const yieldsOf = (spec: DatasetConfig, fields: Record<string, unknown>): Row[] =>
  seriesOf(spec)
    .filter((series) => typeof fields[series] === 'number')
    .map((series) => ({ series, value: fields[series] as number, realtime_start: '' }))
