/**
 * Columns of primitive values as the bytes of a Parquet file, in memory: the bytes that parquetjs-lite would write, without the dozens
 * of buffers and promises it takes for each column, which cost ten times what the rows of a small file do.
 */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import parquet from 'parquetjs-lite'
import { SnappyCompressor } from 'snappyjs/snappy_compressor.js'
import { addLevels, addPlain, type ColumnType } from './plain-encoder.ts'
import { addStatistics, extremesOf, isStatable, type Statistics, statisticsOf } from './statistics.ts'
import { ByteWriter, THRIFT } from './thrift-writer.ts'

export interface ParquetColumn {
  name: string
  type: ColumnType
  optional: boolean
}

/** One column of one row group. `values` leaves nulls out; `present` (optional columns only) says 1 or 0 for each row. */
export interface ColumnChunk {
  values: ArrayLike<string | number>
  present: ArrayLike<number> | null
}

export interface RowGroup {
  rows: number
  /** In the order of the file's columns. */
  chunks: ColumnChunk[]
}

/** What all files with the same columns share. */
export interface FileSchema {
  columns: readonly ParquetColumn[]
  /** The beginning of their footers, as far as the columns tell it. */
  footer: Buffer
}

const MAGIC = Buffer.from('PAR1')
/** The version and the columns stand before everything else in a footer. */
const LAST_OF_COLUMNS = 2
const CREATOR = Buffer.from('parquet.js')
const PAGE_V2 = 3
const PLAIN = 0
const RLE = 3
const SNAPPY = 1
/** Columns of more rows than this take milliseconds each to pack. */
const ROWS_PER_TURN = 5_000
const PHYSICAL = { UTF8: 6, DOUBLE: 5, INT64: 2, DATE: 1, TIMESTAMP_MICROS: 2 } as const satisfies Record<
  ColumnType,
  number
>

/** The schema of files with these columns. */
export function fileSchema(columns: readonly ParquetColumn[]): FileSchema {
  const sections: Buffer[] = []
  const schema = new parquet.ParquetSchema(
    Object.fromEntries(columns.map(({ name, type, optional }) => [name, { type, optional, compression: 'SNAPPY' }])),
  )
  const write = (bytes: Buffer) => sections.push(bytes)
  new parquet.ParquetEnvelopeWriter(schema, write, () => undefined, 0, {
    useDataPageV2: true,
    pageIndex: false,
  }).writeFooter({})
  // What follows the columns in the footer of a file without rows is known, so what is left tells the columns.
  const rest = new ByteWriter()
  rest.element(LAST_OF_COLUMNS)
  addRowGroups(rest, [])
  const footer = Buffer.concat(sections).subarray(0, -2 * MAGIC.length)
  const end = rest.taken()
  rest.release()
  if (!footer.subarray(-end.length).equals(end)) throw new Error('expected the footer that parquetjs-lite 0.8.7 writes')
  return { columns, footer: footer.subarray(0, -end.length) }
}

interface WrittenChunk {
  column: ParquetColumn
  values: number
  offset: number
  /** Of the page with its header. */
  bytes: number
  /** Null where they would be wrong. */
  statistics: Statistics | null
}

interface WrittenGroup {
  rows: number
  bytes: number
  chunks: WrittenChunk[]
}

/**
 * A whole file: SNAPPY, version 2 pages, one page per column and row group, min and max where they can be stated rightly.
 * Values must be primitive: microseconds for TIMESTAMP_MICROS, days for DATE. Same input, same bytes.
 */
export async function parquetBytes({ columns, footer }: FileSchema, groups: readonly RowGroup[]): Promise<Buffer> {
  const statistics = groups.map(({ rows, chunks }) => statisticsOfChunks(columns, chunks, rows))
  const isStated = columns.map((_, at) => statistics.every((chunks) => chunks[at] !== null))
  const sinks = { file: new ByteWriter(), plain: new ByteWriter(), levels: new ByteWriter(), packed: new ByteWriter() }
  const { file } = sinks
  file.add(MAGIC)
  const written: WrittenGroup[] = []
  for (const [group, { rows, chunks }] of groups.entries()) {
    const from = file.length
    const ofColumns: WrittenChunk[] = []
    for (const [at, column] of columns.entries()) {
      const chunk = chunks[at]
      if (!chunk) throw new Error(`expected values for column ${column.name}, got none`)
      const known = isStated[at] ? statistics[group]?.[at] : null
      ofColumns.push(addChunk(sinks, column, chunk, rows, known ?? null))
      if (rows > ROWS_PER_TURN) await yieldToEventLoop()
    }
    written.push({ rows, bytes: file.length - from, chunks: ofColumns })
  }
  const footerAt = file.length
  file.add(footer)
  file.element(LAST_OF_COLUMNS)
  addRowGroups(file, written)
  file.int32(file.length - footerAt)
  file.add(MAGIC)
  const bytes = file.taken()
  for (const sink of Object.values(sinks)) sink.release()
  return bytes
}

/** Of each column of a row group; null where parquetjs-lite cannot state them rightly. */
const statisticsOfChunks = (
  columns: readonly ParquetColumn[],
  chunks: readonly ColumnChunk[],
  rows: number,
): (Statistics | null)[] =>
  columns.map(({ type }, at) => {
    const values = chunks[at]?.values ?? []
    const extremes = extremesOf(values)
    return isStatable(type, extremes) ? statisticsOf(type, extremes, rows - values.length) : null
  })

/** A page with its header, and behind it what the footer will say of it. */
function addChunk(
  { file, plain, levels, packed }: Record<'file' | 'plain' | 'levels' | 'packed', ByteWriter>,
  column: ParquetColumn,
  { values, present }: ColumnChunk,
  rows: number,
  statistics: Statistics | null,
): WrittenChunk {
  const offset = file.length
  plain.length = 0
  levels.length = 0
  addPlain(plain, column.type, values)
  if (present) addLevels(levels, present)
  pack(plain, packed)
  file.element()
  file.number(1, THRIFT.i32, PAGE_V2)
  file.number(2, THRIFT.i32, levels.length + plain.length)
  file.number(3, THRIFT.i32, levels.length + packed.length)
  file.open(8)
  file.number(1, THRIFT.i32, rows)
  file.number(2, THRIFT.i32, rows - values.length)
  file.number(3, THRIFT.i32, rows)
  file.number(4, THRIFT.i32, PLAIN)
  file.number(5, THRIFT.i32, levels.length)
  file.number(6, THRIFT.i32, 0)
  file.field(7, THRIFT.true)
  if (statistics) {
    file.open(8)
    addStatistics(file, statistics, null)
    file.stop()
  }
  file.stop()
  file.stop()
  file.add(levels.written())
  file.add(packed.written())
  const chunk = { column, values: rows, offset, bytes: file.length - offset, statistics }
  file.element()
  addDescription(file, chunk, statistics?.extremes?.distinct ?? 0)
  file.stop()
  return chunk
}

function pack(plain: ByteWriter, packed: ByteWriter): void {
  const compressor = new SnappyCompressor(plain.written())
  packed.length = 0
  packed.reserve(compressor.maxCompressedLength())
  packed.length = compressor.compressToBuffer(packed.bytes)
}

function addDescription(sink: ByteWriter, chunk: WrittenChunk, distinct: number | null): void {
  const { column, values, offset, bytes, statistics } = chunk
  sink.number(1, THRIFT.i32, PHYSICAL[column.type])
  sink.list(2, THRIFT.i32, 2)
  sink.varint(2 * RLE)
  sink.varint(2 * PLAIN)
  sink.list(3, THRIFT.binary, 1)
  sink.text(column.name)
  sink.number(4, THRIFT.i32, SNAPPY)
  sink.number(5, THRIFT.i64, values)
  sink.number(6, THRIFT.i64, bytes)
  sink.number(7, THRIFT.i64, bytes)
  sink.number(9, THRIFT.i64, offset)
  if (!statistics) return
  sink.open(12)
  addStatistics(sink, statistics, distinct)
  sink.stop()
}

/** What a footer says after its columns. Min and max alone were looked at, so no number of distinct values is stated. */
function addRowGroups(sink: ByteWriter, groups: readonly WrittenGroup[]): void {
  const rows = groups.reduce((sum, group) => sum + group.rows, 0)
  sink.number(3, THRIFT.i64, rows)
  sink.list(4, THRIFT.struct, groups.length)
  for (const group of groups) {
    sink.element()
    sink.list(1, THRIFT.struct, group.chunks.length)
    for (const chunk of group.chunks) {
      sink.element()
      sink.number(2, THRIFT.i64, chunk.offset + chunk.bytes)
      sink.open(3)
      addDescription(sink, chunk, null)
      sink.stop()
      sink.stop()
    }
    sink.number(2, THRIFT.i64, group.bytes)
    sink.number(3, THRIFT.i64, group.rows)
    sink.stop()
  }
  sink.list(5, THRIFT.struct, 0)
  sink.binary(6, CREATOR)
  sink.stop()
}
