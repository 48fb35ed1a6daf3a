/** The footers of Parquet files that DuckDB wrote, so that row groups can stand in another file byte for byte. */
import { ByteReader, UnsupportedFileError } from './thrift-reader.ts'
import { readStruct, type ThriftList, type ThriftStruct, type ThriftValue, writeStruct } from './thrift-tree.ts'
import { ByteWriter } from './thrift-writer.ts'

export const MAGIC = Buffer.from('PAR1')
/** The length of the footer, and the magic bytes again. */
export const TAIL_BYTES = 8

/** Numbers of fields in parquet.thrift. */
const FILE = { rows: 3, groups: 4, texts: 5 } as const
const GROUP = { chunks: 1, rows: 3, offset: 5, ordinal: 7 } as const
const CHUNK = { offset: 2, column: 3, offsetIndex: 4, columnIndex: 6 } as const
/** Pages of data, of the index, of the dictionary; the bloom filter. */
const COLUMN_OFFSETS = [9, 10, 11, 14] as const
const [I64, BINARY, STRUCT, LIST] = [6, 8, 12, 9] as const

/** Where the footer begins in a file of `size` bytes that ends with `tail`. Throws UnsupportedFileError where it is no Parquet file. */
export function footerStart(tail: Buffer, size: number): number {
  const start = tail.length === TAIL_BYTES ? size - TAIL_BYTES - tail.readUInt32LE(0) : -1
  if (start < MAGIC.length || !tail.subarray(4).equals(MAGIC)) throw new UnsupportedFileError('no Parquet file')
  return start
}

/** Throws UnsupportedFileError for what is not understood. */
export function readFooter(bytes: Buffer): ThriftStruct {
  const source = new ByteReader(bytes, 0, bytes.length)
  const footer = readStruct(source)
  if (source.at !== bytes.length) throw new UnsupportedFileError('bytes behind the footer')
  return footer
}

/** A structure as it is written. */
export function structBytes(struct: ThriftStruct): Buffer {
  const sink = new ByteWriter()
  try {
    writeStruct(sink, struct)
    return sink.taken()
  } finally {
    sink.release()
  }
}

/** A footer with its length and the magic bytes: the end of a file. */
export function fileEnd(footer: ThriftStruct): Buffer {
  const bytes = structBytes(footer)
  const tail = Buffer.alloc(TAIL_BYTES)
  tail.writeUInt32LE(bytes.length, 0)
  MAGIC.copy(tail, 4)
  return Buffer.concat([bytes, tail])
}

export const rowGroups = (footer: ThriftStruct): ThriftStruct[] => structsIn(footer, FILE.groups)

export const rowsOfGroups = (groups: readonly ThriftStruct[]): number =>
  groups.reduce((sum, group) => sum + Number(group.get(GROUP.rows)?.value ?? 0) / 2, 0)

/** A row group as it is described where its bytes lie `by` bytes further on, `place` being its number in that file. */
export function moved(group: ThriftStruct, by: number, place: number): ThriftStruct {
  const result = new Map(group)
  shift(result, GROUP.offset, by)
  const ordinal = result.get(GROUP.ordinal)
  // A number of 16 bits; readers do without it.
  if (ordinal !== undefined && place < 2 ** 15) result.set(GROUP.ordinal, { ...ordinal, value: 2 * place })
  else result.delete(GROUP.ordinal)
  const chunks = structsIn(group, GROUP.chunks).map((chunk) => {
    const own = new Map(chunk)
    for (const id of [CHUNK.offset, CHUNK.offsetIndex, CHUNK.columnIndex]) shift(own, id, by)
    const column = own.get(CHUNK.column)
    if (!(column?.value instanceof Map)) throw new UnsupportedFileError('a column chunk without its description')
    const described = new Map(column.value)
    for (const id of COLUMN_OFFSETS) shift(described, id, by)
    return own.set(CHUNK.column, { ...column, value: described })
  })
  return result.set(GROUP.chunks, { type: LIST, value: { type: STRUCT, items: chunks } })
}

/** Zero stands for none. */
function shift(struct: ThriftStruct, id: number, by: number): void {
  const field = struct.get(id)
  if (typeof field?.value === 'number' && field.value !== 0) struct.set(id, { ...field, value: field.value + 2 * by })
}

/** The footer of a file that has the columns of `like`, these row groups and this text beside those of `like`. */
export function footerOf(like: ThriftStruct, groups: ThriftStruct[], key: string, text: string): ThriftStruct {
  const pair: ThriftStruct = new Map([
    [1, { type: BINARY, value: Buffer.from(key) }],
    [2, { type: BINARY, value: Buffer.from(text) }],
  ])
  const texts = structsIn(like, FILE.texts).filter((own) => textIn(own, 1) !== key)
  return new Map(like)
    .set(FILE.rows, { type: I64, value: 2 * rowsOfGroups(groups) })
    .set(FILE.groups, { type: LIST, value: { type: STRUCT, items: groups } })
    .set(FILE.texts, { type: LIST, value: { type: STRUCT, items: [...texts, pair] } })
}

/** What a footer says of neither rows nor row groups, without its texts: the columns. */
export function columnsOf(footer: ThriftStruct): ThriftStruct {
  const columns = new Map(footer)
  for (const id of Object.values(FILE)) columns.delete(id)
  return columns
}

/** What the footer says under a key; null where it says nothing. */
export function textOf(footer: ThriftStruct, key: string): string | null {
  const pair = structsIn(footer, FILE.texts).find((own) => textIn(own, 1) === key)
  return pair === undefined ? null : textIn(pair, 2)
}

const textIn = (pair: ThriftStruct, id: number): string => Buffer.from(pair.get(id)?.value as Uint8Array).toString()

function structsIn(struct: ThriftStruct, id: number): ThriftStruct[] {
  const value: ThriftValue | undefined = struct.get(id)?.value
  if (value === undefined) return []
  const { items } = value as ThriftList
  if (!Array.isArray(items) || !items.every((item) => item instanceof Map))
    throw new UnsupportedFileError('another kind of list')
  return items
}
