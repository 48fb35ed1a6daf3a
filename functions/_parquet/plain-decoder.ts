/** Reads what `plain-encoder.ts` writes: values in plain encoding, and the levels that say which rows have one. */
import { isUtf8 } from 'node:buffer'
import type { ColumnType } from './plain-encoder.ts'
import { ByteReader, UnsupportedFileError } from './thrift-reader.ts'

/** Day numbers of the years 0 to 9999. */
const FIRST_DAY = -719_528
const LAST_DAY = 2_932_896

/** So many values, which must fill the bytes from their start to `length`. Instants beyond what a double counts in microseconds are not understood. */
export function readPlain(bytes: Buffer, length: number, type: ColumnType, count: number): string[] | Float64Array {
  if (type === 'UTF8') return readTexts(bytes, length, count)
  const width = type === 'DATE' ? 4 : 8
  if (length !== width * count) throw new UnsupportedFileError('another number of values')
  const view = new DataView(bytes.buffer, bytes.byteOffset, length)
  const values = new Float64Array(count)
  switch (type) {
    case 'DOUBLE':
      for (let at = 0; at < count; at++) values[at] = view.getFloat64(8 * at, true)
      return values
    case 'DATE':
      for (let at = 0; at < count; at++) {
        const day = view.getInt32(4 * at, true)
        if (day < FIRST_DAY || day > LAST_DAY) throw new UnsupportedFileError('a day of no year we write')
        values[at] = day
      }
      return values
    case 'INT64':
    case 'TIMESTAMP_MICROS':
      for (let at = 0; at < count; at++) {
        const value = view.getInt32(8 * at + 4, true) * 2 ** 32 + view.getUint32(8 * at, true)
        if (!Number.isSafeInteger(value)) throw new UnsupportedFileError('a number beyond 2^53')
        values[at] = value
      }
      return values
    default:
      throw new Error(`expected a known column type, got ${type satisfies never}`)
  }
}

/** Runs of one text, such as the vendor of a whole file, are one string. */
function readTexts(bytes: Buffer, length: number, count: number): string[] {
  const texts: string[] = []
  let at = 0
  let before = 0
  let last: string | null = null
  while (texts.length < count) {
    if (at + 4 > length) throw new UnsupportedFileError('cut off')
    const size = bytes.readUInt32LE(at)
    if (at + 4 + size > length) throw new UnsupportedFileError('cut off')
    if (last === null || !isRepeated(bytes, before, at, 4 + size)) last = textAt(bytes, at + 4, at + 4 + size)
    texts.push(last)
    before = at
    at += 4 + size
  }
  if (at !== length) throw new UnsupportedFileError('more than the values')
  return texts
}

function isRepeated(bytes: Buffer, before: number, at: number, size: number): boolean {
  for (let i = 0; i < size; i++) if (bytes[before + i] !== bytes[at + i]) return false
  return true
}

function textAt(bytes: Buffer, from: number, to: number): string {
  let seen = 0
  for (let at = from; at < to; at++) seen |= bytes[at] as number
  if (seen < 0x80) return bytes.toString('latin1', from, to)
  if (!isUtf8(bytes.subarray(from, to))) throw new UnsupportedFileError('no text')
  return bytes.toString('utf8', from, to)
}

/** For each row the place of its value among those there are, or -1. */
export function readLevels(
  bytes: Buffer,
  from: number,
  to: number,
  rows: number,
): { rank: Int32Array; values: number } {
  const rank = new Int32Array(rows)
  const source = new ByteReader(bytes, from, to)
  let row = 0
  let values = 0
  const add = (level: number): void => {
    if (level > 1) throw new UnsupportedFileError('a level beyond 1')
    rank[row++] = level === 1 ? values++ : -1
  }
  while (row < rows) {
    const header = source.varint()
    const count = Math.floor(header / 2)
    if (header % 2 === 0) {
      const level = source.byte()
      if (count === 0 || row + count > rows) throw new UnsupportedFileError('more levels than rows')
      for (let left = count; left > 0; left--) add(level)
    } else {
      if (count === 0 || row + 8 * (count - 1) >= rows) throw new UnsupportedFileError('more levels than rows')
      for (let left = count; left > 0; left--) {
        const bits = source.byte()
        // The last group is filled up.
        for (let bit = 0; bit < 8 && row < rows; bit++) add((bits >> bit) & 1)
      }
    }
  }
  if (source.at !== to) throw new UnsupportedFileError('more levels than rows')
  return { rank, values }
}
