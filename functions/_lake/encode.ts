/** Rows of a raw file as bytes: which columns a raw file has, and what each of our values is in Parquet. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { ColumnConfig } from '../../config/schema.ts'
import { libraryBytes } from '../_parquet/library-writer.ts'
import type { ColumnType } from '../_parquet/plain-encoder.ts'
import { type FileSchema, fileSchema, parquetBytes, type RowGroup } from '../_parquet/writer.ts'
import { columnChunk, runsOf } from './column-builder.ts'
import { type FilePart, isStored } from './raw-part.ts'

const ROWS_PER_GROUP = 100_000
/** Files of more rows are written by parquetjs-lite: the codec is for the many small ones, where the library takes 6 to 13 times as long. */
export const MOST_CODEC_ROWS = 5_000
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
 * fraction or more than 2^53 in an integer column, a day that is none. Nothing is ever rounded. Files of more than `mostCodecRows` are written by
 * parquetjs-lite, to the same bytes: of many large ones it takes a multiple of the time.
 */
export async function encodeRows(
  columns: readonly ColumnConfig[],
  parts: readonly FilePart[],
  mostCodecRows: number = MOST_CODEC_ROWS,
): Promise<Buffer> {
  const fileColumns = rawColumns(columns)
  const groups: RowGroup[] = []
  for (const slices of grouped(parts)) {
    groups.push(rowGroup(fileColumns, slices))
    if (groups.length > 1) await yieldToEventLoop()
  }
  const schema = rawSchema(columns)
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  return rows > mostCodecRows ? libraryBytes(schema.columns, groups) : parquetBytes(schema, groups)
}

const schemas = new WeakMap<readonly ColumnConfig[], FileSchema>()

/** The schema of raw files with these columns of a dataset; made once. */
export function rawSchema(columns: readonly ColumnConfig[]): FileSchema {
  const known = schemas.get(columns)
  if (known) return known
  const schema = fileSchema(
    rawColumns(columns).map(({ name, type, optional }) => ({ name, type: PARQUET_TYPE[type], optional })),
  )
  schemas.set(columns, schema)
  return schema
}

function* grouped(parts: readonly FilePart[]): Generator<FilePart[]> {
  let group: FilePart[] = []
  let room = ROWS_PER_GROUP
  for (const part of parts) {
    const rows = countOf(part)
    for (let from = 0; from < rows; ) {
      const to = Math.min(rows, from + room)
      group.push(from === 0 && to === rows ? part : sliceOf(part, from, to))
      room -= to - from
      from = to
      if (room === 0) {
        yield group
        group = []
        room = ROWS_PER_GROUP
      }
    }
  }
  if (group.length > 0) yield group
}

const countOf = (part: FilePart): number => (isStored(part) ? part.to - part.from : part.rows.length)

const sliceOf = (part: FilePart, from: number, to: number): FilePart =>
  isStored(part)
    ? { ...part, from: part.from + from, to: part.from + to }
    : { ...part, rows: part.rows.slice(from, to) }

function rowGroup(columns: readonly ColumnConfig[], parts: readonly FilePart[]): RowGroup {
  const rows = parts.reduce((sum, part) => sum + countOf(part), 0)
  const runs = runsOf(parts)
  return { rows, chunks: columns.map((column, at) => columnChunk(column, at, runs, rows)) }
}
