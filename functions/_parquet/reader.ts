/**
 * Raw files that this node wrote, as columns again: several times faster than a query, and without loading DuckDB into a node that only
 * collects. Anything that is not exactly as we write it is left to DuckDB, which knows all other forms and says what is damaged.
 */
import { readLevels, readPlain } from './plain-decoder.ts'
import { unpack } from './snappy.ts'
import { ByteReader, UnsupportedFileError } from './thrift-reader.ts'
import type { FileSchema, ParquetColumn } from './writer.ts'

/** The values of a column, packed; `rank` leads from a row to its value, or to -1 for none. Null where every row has one. */
export interface StoredColumn {
  values: string[] | Float64Array
  rank: Int32Array | null
}

/** The rows of one row group, in file order. Values are primitive: microseconds, days. */
export interface StoredGroup {
  rows: number
  columns: StoredColumn[]
}

const MAGIC = 0x31524150
const PAGE_V2 = 3
const SNAPPY = 1
const KEPT_SCRATCH = 1024 * 1024

/** Snappy cannot expand a byte further than this: a damaged length must not allocate all RAM. */
const MOST_UNPACKED = 32

/** The row groups of a file with this schema. Throws UnsupportedFileError for any other. */
export function readOwnGroups(bytes: Buffer, { columns, footer }: FileSchema): StoredGroup[] {
  if (bytes.length < 12 || bytes.readUInt32LE(0) !== MAGIC || bytes.readUInt32LE(bytes.length - 4) !== MAGIC)
    throw new UnsupportedFileError('no Parquet file')
  const end = bytes.length - 8
  const start = end - bytes.readUInt32LE(end)
  if (start < 4 || !bytes.subarray(start, start + footer.length).equals(footer))
    throw new UnsupportedFileError('other columns')
  const groups: StoredGroup[] = []
  let rows = 0
  let said = 0
  const source = new ByteReader(bytes, start + footer.length, end)
  source.fields((id) => {
    if (id === 3) said = source.number()
    else if (id === 4) {
      source.list(() => {
        const group = readGroup(bytes, start, columns, source)
        rows += group.rows
        groups.push(group)
      })
    } else return false
    return true
  }, 2)
  if (said !== rows) throw new UnsupportedFileError('another number of rows')
  return groups
}

function readGroup(bytes: Buffer, end: number, columns: readonly ParquetColumn[], source: ByteReader): StoredGroup {
  const chunks: { offset: number; bytes: number }[] = []
  let rows = -1
  source.fields((id) => {
    if (id === 1) source.list(() => chunks.push(readChunk(source)))
    else if (id === 3) rows = source.number()
    else return false
    return true
  })
  if (chunks.length !== columns.length || rows < 0) throw new UnsupportedFileError('other columns')
  return {
    rows,
    columns: columns.map((column, at) => {
      const { offset, bytes: size } = chunks[at]!
      if (offset + size > end) throw new UnsupportedFileError('a page beyond the end')
      return readPage(bytes, offset, offset + size, column, rows)
    }),
  }
}

function readChunk(source: ByteReader): { offset: number; bytes: number } {
  const chunk = { offset: -1, bytes: -1 }
  let codec = -1
  source.fields((id) => {
    if (id !== 3) return false
    source.fields((inner) => {
      if (inner === 4) codec = source.number()
      else if (inner === 7) chunk.bytes = source.number()
      else if (inner === 9) chunk.offset = source.number()
      else return false
      return true
    })
    return true
  })
  if (codec !== SNAPPY || chunk.offset < 0 || chunk.bytes < 0) throw new UnsupportedFileError('another way of packing')
  return chunk
}

/** All rows of a column in one page. */
function readPage(bytes: Buffer, from: number, to: number, column: ParquetColumn, rows: number): StoredColumn {
  const source = new ByteReader(bytes, from, to)
  const page = readPageHeader(source)
  const start = source.at + page.levels
  const unpacked = page.unpacked - page.levels
  if (page.rows !== rows || page.values !== rows || source.at + page.packed !== to || start > to)
    throw new UnsupportedFileError('another page')
  if (unpacked < 0 || unpacked > MOST_UNPACKED * (to - start) + MOST_UNPACKED)
    throw new UnsupportedFileError('a page too large')
  if (!column.optional && page.levels > 0) throw new UnsupportedFileError('levels nobody needs')
  const { rank, values } = column.optional ? readLevels(bytes, source.at, start, rows) : { rank: null, values: rows }
  if (values + page.nulls !== rows) throw new UnsupportedFileError('another number of values')
  const plain = scratchOf(unpacked)
  unpack(bytes, start, to, plain, unpacked)
  return { values: readPlain(plain, unpacked, column.type, values), rank: page.nulls === 0 ? null : rank }
}

function readPageHeader(source: ByteReader) {
  const page = { unpacked: -1, packed: -1, values: -1, nulls: -1, rows: -1, levels: -1 }
  let isKnown = false
  source.fields((id) => {
    if (id === 1) isKnown = source.number() === PAGE_V2
    else if (id === 2) page.unpacked = source.number()
    else if (id === 3) page.packed = source.number()
    else if (id === 8) {
      source.fields((inner, type) => {
        if (inner === 1) page.values = source.number()
        else if (inner === 2) page.nulls = source.number()
        else if (inner === 3) page.rows = source.number()
        else if (inner === 4) isKnown &&= source.number() === 0
        else if (inner === 5) page.levels = source.number()
        else if (inner === 6) isKnown &&= source.number() === 0
        else if (inner === 7) isKnown &&= type === 1
        else return false
        return true
      })
    } else return false
    return true
  })
  if (!isKnown || page.levels < 0) throw new UnsupportedFileError('another page')
  return page
}

let scratch: Buffer = Buffer.alloc(0)

/** Used until the next page is read. */
function scratchOf(bytes: number): Buffer {
  if (bytes > KEPT_SCRATCH) return Buffer.allocUnsafe(bytes)
  if (scratch.length < bytes) scratch = Buffer.allocUnsafe(KEPT_SCRATCH)
  return scratch
}
