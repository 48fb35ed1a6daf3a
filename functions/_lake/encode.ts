/** Rows of a raw file as bytes: which columns a raw file has, and what each of our values is in Parquet. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ColumnConfig } from '../../config/schema.ts'
import { dayNumber, isDt } from '../_market/dt.ts'
import type { Provenance, Row } from '../_market/row.ts'
import { type ColumnChunk, type FileSchema, fileSchema, parquetBytes, type RowGroup } from './parquet-bytes.ts'
import type { ColumnType } from './plain-values.ts'

/** Rows of one symbol that came with one answer, in the order served. */
export interface RawPart {
  symbol: string
  provenance: Provenance
  rows: readonly Row[]
}

const ROWS_PER_GROUP = 100_000
const PROVENANCE_COLUMNS: ColumnConfig[] = [
  { name: 'vendor', type: 'text', optional: false },
  { name: 'feed', type: 'text', optional: false },
  { name: 'adjustment', type: 'text', optional: false },
  { name: 'fetched_at', type: 'instant', optional: false },
]

/** Columns of a raw file, in order: symbol, the dataset's own, then where the row came from. */
export const rawColumns = (columns: readonly ColumnConfig[]): ColumnConfig[] => [
  { name: 'symbol', type: 'text', optional: false },
  ...columns,
  ...PROVENANCE_COLUMNS,
]

const PARQUET_TYPE = {
  instant: 'TIMESTAMP_MICROS',
  double: 'DOUBLE',
  integer: 'INT64',
  text: 'UTF8',
  day: 'DATE',
} as const satisfies Record<ColumnConfig['type'], ColumnType>

/**
 * The bytes of a raw file with these parts in this order, at most 100,000 rows a row group. Same parts, same bytes.
 * Throws an Error that names column and row for a value that cannot be stored: nothing, NaN or infinite in a required column, a
 * fraction or more than 2^53 in an integer column, a day that is none. Nothing is ever rounded.
 */
export async function encodeRows(columns: readonly ColumnConfig[], parts: readonly RawPart[]): Promise<Buffer> {
  const fileColumns = rawColumns(columns)
  const groups: RowGroup[] = []
  for (const slices of grouped(parts)) {
    groups.push(rowGroup(fileColumns, slices))
    if (groups.length > 1) await nextTurn()
  }
  return parquetBytes(schemaOf(columns, fileColumns), groups)
}

const schemas = new WeakMap<readonly ColumnConfig[], FileSchema>()

/** Made once for each configured list of columns. */
function schemaOf(columns: readonly ColumnConfig[], fileColumns: readonly ColumnConfig[]): FileSchema {
  const known = schemas.get(columns)
  if (known) return known
  const schema = fileSchema(
    fileColumns.map(({ name, type, optional }) => ({ name, type: PARQUET_TYPE[type], optional })),
  )
  schemas.set(columns, schema)
  return schema
}

function* grouped(parts: readonly RawPart[]): Generator<RawPart[]> {
  let group: RawPart[] = []
  let room = ROWS_PER_GROUP
  for (const part of parts) {
    for (let from = 0; from < part.rows.length; ) {
      const isWhole = from === 0 && part.rows.length <= room
      const rows = isWhole ? part.rows : part.rows.slice(from, from + room)
      group.push(isWhole ? part : { ...part, rows })
      from += rows.length
      room -= rows.length
      if (room === 0) {
        yield group
        group = []
        room = ROWS_PER_GROUP
      }
    }
  }
  if (group.length > 0) yield group
}

function rowGroup(columns: readonly ColumnConfig[], parts: readonly RawPart[]): RowGroup {
  const rows = parts.reduce((sum, part) => sum + part.rows.length, 0)
  return { rows, chunks: columns.map((column) => columnChunk(column, parts)) }
}

function columnChunk(column: ColumnConfig, parts: readonly RawPart[]): ColumnChunk {
  const values: ColumnChunk['values'] = []
  const present: number[] = []
  // Whoever shares a file shares most of it: vendor, feed, the instant. What is equal to the value before is not looked at again.
  let before: unknown
  let primitive: ReturnType<typeof primitiveOf> = null
  for (const part of parts) {
    const { rows } = part
    const shared = sharedValue(column.name, part)
    for (let at = 0; at < rows.length; at++) {
      const value = shared ?? (rows[at] as unknown as Record<string, unknown>)[column.name]
      if (column.optional && (value === null || value === undefined)) {
        present.push(0)
        continue
      }
      if (primitive === null || !Object.is(value, before)) primitive = primitiveOf(column, value)
      if (primitive === null) throw new Error(refusal(column, value, part, at))
      before = value
      values.push(primitive)
      if (column.optional) present.push(1)
    }
  }
  return { values, present: column.optional ? present : null }
}

function sharedValue(name: string, { symbol, provenance }: RawPart): string | number | undefined {
  switch (name) {
    case 'symbol':
      return symbol
    case 'vendor':
      return provenance.vendor
    case 'feed':
      return provenance.feed
    case 'adjustment':
      return provenance.adjustment
    case 'fetched_at':
      return provenance.fetchedAt
    default:
      return undefined
  }
}

const FURTHEST_MS = 8.64e15

/** The value as Parquet holds it, or null when it cannot. */
function primitiveOf(column: ColumnConfig, value: unknown): string | number | null {
  switch (column.type) {
    case 'text':
      return typeof value === 'string' && !/\p{Surrogate}/u.test(value) ? value : null
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? value : null
    case 'integer':
      return Number.isSafeInteger(value) ? (value as number) : null
    case 'day':
      return typeof value === 'string' && isDt(value) ? dayNumber(value) : null
    case 'instant':
      // Whole for our own rows; an adopted file may hold microseconds.
      return typeof value === 'number' && Math.abs(value) <= FURTHEST_MS ? Math.round(value * 1000) : null
    default:
      throw new Error(`expected a known column type, got ${column.type satisfies never}`)
  }
}

const WANTED = {
  text: 'text',
  double: 'a finite number',
  integer: 'a whole number within 2^53',
  day: 'a day as YYYY-MM-DD',
  instant: 'epoch milliseconds',
} as const satisfies Record<ColumnConfig['type'], string>

const refusal = (column: ColumnConfig, value: unknown, part: RawPart, at: number): string =>
  `expected ${WANTED[column.type]} in column ${column.name} of row ${at} of ${part.symbol} from ${part.provenance.vendor}, got ${
    typeof value === 'string' ? JSON.stringify(value) : String(value)
  }: nothing was written`
