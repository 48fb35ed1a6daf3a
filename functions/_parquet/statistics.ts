/** Least and greatest value of a column, by which readers skip what they do not look for. */
import type { ColumnType } from './plain-encoder.ts'
import { type ByteWriter, THRIFT } from './thrift-writer.ts'

export type Extremes = [min: string | number, max: string | number]

export interface Statistics {
  nulls: number
  /** Null where no row has a value. */
  extremes: { min: Buffer; max: Buffer; distinct: number } | null
}

export function extremesOf(values: ArrayLike<string | number>): Extremes | null {
  const first = values[0]
  if (first === undefined) return null
  let min = first
  let max = first
  let before = first
  for (let at = 1; at < values.length; at++) {
    const value = values[at] as string | number
    if (value === before) continue
    before = value
    if (value < min) min = value
    else if (value > max) max = value
  }
  return [min, max]
}

/**
 * Whether parquetjs-lite states these extremes rightly: it throws for days and instants before 1970, and orders text by UTF-16 where
 * readers order by bytes, which differ beyond U+D7FF. No statistics are better than wrong ones: readers skip row groups by them.
 */
export function isStatable(type: ColumnType, extremes: Extremes | null): boolean {
  if (extremes === null) return true
  if (type === 'DATE' || type === 'TIMESTAMP_MICROS') return Number(extremes[0]) >= 0
  return type !== 'UTF8' || String(extremes[1]) < '\ud800'
}

export function statisticsOf(type: ColumnType, extremes: Extremes | null, nulls: number): Statistics {
  if (extremes === null) return { nulls, extremes: null }
  const [min, max] = extremes
  return { nulls, extremes: { min: bytesOf(type, min), max: bytesOf(type, max), distinct: min === max ? 1 : 2 } }
}

/** Twice over, as old and new readers look for them. `distinct` is what parquetjs-lite takes for the number of distinct values. */
export function addStatistics(sink: ByteWriter, { nulls, extremes }: Statistics, distinct: number | null): void {
  if (extremes !== null) {
    sink.binary(1, extremes.max)
    sink.binary(2, extremes.min)
  }
  sink.number(3, THRIFT.i64, nulls)
  if (distinct !== null) sink.number(4, THRIFT.i64, distinct)
  if (extremes !== null) {
    sink.binary(5, extremes.max)
    sink.binary(6, extremes.min)
  }
}

/** A value as statistics hold it: plain, and a text without its length. */
function bytesOf(type: ColumnType, value: string | number): Buffer {
  if (typeof value === 'string') return Buffer.from(value)
  const bytes = Buffer.allocUnsafe(type === 'DATE' ? 4 : 8)
  if (type === 'DATE') bytes.writeInt32LE(value)
  else if (type === 'DOUBLE') bytes.writeDoubleLE(value)
  else bytes.writeBigInt64LE(BigInt(value))
  return bytes
}
