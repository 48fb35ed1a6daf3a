/** Reads what `thrift-writer.ts` writes: numbers and compact Thrift, one after the other. Throws for anything that is cut off or not understood. */

/** The bytes are not those of a file of ours. */
export class UnsupportedFileError extends Error {}

const TYPE = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, struct: 12 } as const

export class ByteReader {
  private readonly bytes: Uint8Array
  private readonly end: number
  at: number

  constructor(bytes: Uint8Array, at: number, end: number) {
    if (at < 0 || end > bytes.length || at > end) throw new UnsupportedFileError('outside of the bytes')
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  byte(): number {
    if (this.at >= this.end) throw new UnsupportedFileError('cut off')
    return this.bytes[this.at++] as number
  }

  /** A whole number from 0 to 2^53. */
  varint(): number {
    let value = 0
    for (let scale = 1; scale <= 2 ** 49; scale *= 128) {
      const byte = this.byte()
      value += (byte & 0x7f) * scale
      if (byte < 0x80) return value
    }
    throw new UnsupportedFileError('a number too large')
  }

  /** A count, size or offset: zigzag doubles what is not negative. */
  number(): number {
    const value = this.varint()
    if (value % 2 !== 0) throw new UnsupportedFileError('a negative count')
    return value / 2
  }

  /** So many bytes as they stand. */
  raw(count: number): Uint8Array {
    const from = this.at
    this.forward(count)
    return this.bytes.subarray(from, this.at)
  }

  /** Hands each field of a structure to `read`, which answers false for one that it left alone. `last` is the field before. */
  fields(read: (id: number, type: number) => boolean, last = 0): void {
    let id = last
    for (let header = this.byte(); header !== 0; header = this.byte()) {
      if (header >> 4 === 0) throw new UnsupportedFileError('a field with a long number')
      id += header >> 4
      if (!read(id, header & 0x0f)) this.skip(header & 0x0f)
    }
  }

  /** Reads so many elements of a list. */
  list(read: () => void): void {
    for (let left = this.count(); left > 0; left--) read()
  }

  private count(): number {
    const header = this.byte()
    return header >> 4 === 15 ? this.varint() : header >> 4
  }

  private skip(type: number): void {
    switch (type) {
      case TYPE.true:
      case TYPE.false:
        return
      case TYPE.byte:
        this.byte()
        return
      case TYPE.i16:
      case TYPE.i32:
      case TYPE.i64:
        this.varint()
        return
      case TYPE.double:
        this.forward(8)
        return
      case TYPE.binary:
        this.forward(this.varint())
        return
      case TYPE.list: {
        const header = this.byte()
        const count = header >> 4 === 15 ? this.varint() : header >> 4
        for (let left = count; left > 0; left--) this.skip(header & 0x0f)
        return
      }
      case TYPE.struct:
        this.fields(() => false)
        return
      default:
        throw new UnsupportedFileError(`a field of type ${type}`)
    }
  }

  private forward(bytes: number): void {
    if (this.at + bytes > this.end) throw new UnsupportedFileError('cut off')
    this.at += bytes
  }
}
