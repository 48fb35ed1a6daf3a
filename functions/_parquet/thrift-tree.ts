/** Compact Thrift as a tree, for footers that another program wrote: read whole, changed in places, written again. */
import { type ByteReader, UnsupportedFileError } from './thrift-reader.ts'
import type { ByteWriter } from './thrift-writer.ts'

export interface ThriftList {
  type: number
  items: ThriftValue[]
}
/** Fields by their number. */
export type ThriftStruct = Map<number, { type: number; value: ThriftValue }>
/** Numbers stand as they are written: zigzag, so twice what is not negative. */
export type ThriftValue = number | Uint8Array | ThriftList | ThriftStruct

const TYPE = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, struct: 12 } as const

/** Throws UnsupportedFileError for what is cut off or not understood. */
export function readStruct(source: ByteReader): ThriftStruct {
  const struct: ThriftStruct = new Map()
  source.fields((id, type) => {
    struct.set(id, { type, value: readValue(source, type) })
    return true
  })
  return struct
}

function readValue(source: ByteReader, type: number): ThriftValue {
  switch (type) {
    case TYPE.true:
    case TYPE.false:
      // The type is the value.
      return type
    case TYPE.byte:
      return source.byte()
    case TYPE.i16:
    case TYPE.i32:
    case TYPE.i64:
      return source.varint()
    case TYPE.double:
      return source.raw(8)
    case TYPE.binary:
      return source.raw(source.varint())
    case TYPE.list: {
      const header = source.byte()
      const element = header & 0x0f
      // In a list a truth value takes a byte.
      const read = element <= TYPE.false ? TYPE.byte : element
      const items: ThriftValue[] = []
      for (let left = header >> 4 === 15 ? source.varint() : header >> 4; left > 0; left--)
        items.push(readValue(source, read))
      return { type: element, items }
    }
    case TYPE.struct:
      return readStruct(source)
    default:
      throw new UnsupportedFileError(`a field of type ${type}`)
  }
}

export function writeStruct(sink: ByteWriter, struct: ThriftStruct): void {
  sink.element()
  for (const [id, { type, value }] of [...struct].sort(([a], [b]) => a - b)) {
    sink.field(id, type)
    writeValue(sink, type, value)
  }
  sink.stop()
}

function writeValue(sink: ByteWriter, type: number, value: ThriftValue): void {
  if (value instanceof Map) writeStruct(sink, value)
  else if (value instanceof Uint8Array) {
    if (type === TYPE.binary) sink.varint(value.length)
    sink.add(value)
  } else if (typeof value === 'object') {
    const { type: element, items } = value
    if (items.length < 15) sink.byte((items.length << 4) | element)
    else {
      sink.byte(0xf0 | element)
      sink.varint(items.length)
    }
    for (const item of items) writeValue(sink, element <= TYPE.false ? TYPE.byte : element, item)
  } else if (type === TYPE.byte) sink.byte(value)
  else if (type > TYPE.false) sink.varint(value)
}
