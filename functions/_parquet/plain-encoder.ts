/** Values of a column as Parquet's plain encoding, and which rows have one as its levels. */
import type { ByteWriter } from './thrift-writer.ts'

export type ColumnType = 'UTF8' | 'DOUBLE' | 'INT64' | 'DATE' | 'TIMESTAMP_MICROS'

/** Adds the values, in order. Numbers are whole but for DOUBLE. */
export function addPlain(sink: ByteWriter, type: ColumnType, values: ArrayLike<string | number>): void {
  if (type === 'UTF8') addTexts(sink, values as ArrayLike<string>)
  else addNumbers(sink, type, values as ArrayLike<number>)
}

function addNumbers(sink: ByteWriter, type: Exclude<ColumnType, 'UTF8'>, values: ArrayLike<number>): void {
  sink.reserve(8 * values.length)
  switch (type) {
    case 'DOUBLE':
      for (let at = 0; at < values.length; at++) sink.double(values[at] as number)
      return
    case 'INT64':
    case 'TIMESTAMP_MICROS':
      for (let at = 0; at < values.length; at++) sink.int64(values[at] as number)
      return
    case 'DATE':
      for (let at = 0; at < values.length; at++) sink.int32(values[at] as number)
      return
    default:
      throw new Error(`expected a known column type, got ${type satisfies never}`)
  }
}

/** Each text behind its length in bytes. A run of one text, such as the vendor of a whole file, is written once and copied. */
function addTexts(sink: ByteWriter, values: ArrayLike<string>): void {
  for (let at = 0; at < values.length; ) {
    const value = values[at] as string
    let next = at + 1
    while (next < values.length && values[next] === value) next++
    const start = sink.length
    addText(sink, value)
    repeat(sink, start, next - at)
    at = next
  }
}

function addText(sink: ByteWriter, value: string): void {
  const start = sink.length
  sink.int32(0)
  sink.utf8(value)
  sink.bytes.writeUInt32LE(sink.length - start - 4, start)
}

/** What was written since `start` stands there so many times. */
function repeat(sink: ByteWriter, start: number, times: number): void {
  if (times === 1) return
  const end = start + times * (sink.length - start)
  sink.reserve(end - sink.length)
  for (; sink.length < end; ) {
    const more = Math.min(sink.length - start, end - sink.length)
    sink.bytes.copyWithin(sink.length, start, start + more)
    sink.length += more
  }
}

/**
 * Adds the levels of an optional column, 1 for a row that has a value and 0 for one that has none, in the order in which parquetjs-lite
 * writes them: runs of one level, and between two of them bits in groups of eight, which go on until a group would begin with two equal levels.
 */
export function addLevels(sink: ByteWriter, levels: ArrayLike<number>): void {
  let isRun = levels.length > 1 && levels[0] === levels[1]
  for (let at = 0; at < levels.length; isRun = !isRun) {
    const next = isRun ? endOfRun(levels, at) : endOfBits(levels, at)
    if (isRun) {
      sink.varint(2 * (next - at))
      sink.byte(levels[at] as number)
    } else {
      addBits(sink, levels, at, next)
    }
    at = next
  }
}

function endOfRun(levels: ArrayLike<number>, start: number): number {
  let at = start + 1
  while (at < levels.length && levels[at] === levels[start]) at++
  return at
}

function endOfBits(levels: ArrayLike<number>, start: number): number {
  let at = start + 1
  while (at < levels.length && ((at - start) % 8 !== 0 || levels[at] !== levels[at + 1])) at++
  return at
}

function addBits(sink: ByteWriter, levels: ArrayLike<number>, from: number, to: number): void {
  sink.varint(2 * Math.ceil((to - from) / 8) + 1)
  for (let at = from; at < to; at += 8) {
    let bits = 0
    for (let bit = 0; bit < 8 && at + bit < to; bit++) bits |= (levels[at + bit] as number) << bit
    sink.byte(bits)
  }
}
