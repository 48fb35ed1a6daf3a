/** Bytes that grow at their end: plain little-endian numbers, and the compact Thrift in which Parquet writes its headers. */

const FIRST_BYTES = 64 * 1024
/** A larger one is not kept for the next file. */
const MOST_SPARE = 4 * 1024 * 1024
const spares: Buffer[] = []

/** Types of Thrift's compact protocol. */
export const THRIFT = { true: 1, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const

const TWO_32 = 2 ** 32

/**
 * One sink is used for many small structures: a buffer for each would cost more than what is written. To be released when its bytes are
 * taken, so that the next one need not allocate.
 */
export class ByteWriter {
  bytes: Buffer = spares.pop() ?? Buffer.allocUnsafe(FIRST_BYTES)
  /** Of the same memory: numbers go in several times faster than through the buffer's own methods. */
  private view = viewOf(this.bytes)
  length = 0
  private lastField = 0
  private readonly outerFields: number[] = []

  /** What was written, as long as nothing more is. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length)
  }

  /** A copy of what was written. */
  taken(): Buffer {
    return Buffer.from(this.written())
  }

  /** Ends the use of this sink. */
  release(): void {
    if (this.bytes.length <= MOST_SPARE && spares.length < 4) spares.push(this.bytes)
    this.bytes = NONE
    this.length = 0
  }

  /** Makes room for so many bytes behind the end. */
  reserve(more: number): void {
    const wanted = this.length + more
    if (wanted <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(Math.max(2 * this.bytes.length, wanted))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
    this.view = viewOf(larger)
  }

  add(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  byte(value: number): void {
    this.reserve(1)
    this.bytes[this.length++] = value
  }

  int32(value: number): void {
    this.reserve(4)
    this.view.setInt32(this.length, value, true)
    this.length += 4
  }

  /** Any whole number that a double holds, within 64 bits. */
  int64(value: number): void {
    this.reserve(8)
    const high = Math.floor(value / TWO_32)
    this.view.setUint32(this.length, value - high * TWO_32, true)
    this.view.setInt32(this.length + 4, high, true)
    this.length += 8
  }

  double(value: number): void {
    this.reserve(8)
    this.view.setFloat64(this.length, value, true)
    this.length += 8
  }

  /** A whole number from 0 to 2^53, seven bits a byte. */
  varint(value: number): void {
    this.reserve(8)
    let left = value
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.bytes[this.length++] = (left % 0x80) | 0x80
    this.bytes[this.length++] = left
  }

  /** The header of a field; fields of a structure are written in ascending order, ended by `stop`. */
  field(id: number, type: number): void {
    this.byte(((id - this.lastField) << 4) | type)
    this.lastField = id
  }

  /** A field of a count, size or offset: whole, not negative. Zigzag doubles it. */
  number(id: number, type: typeof THRIFT.i32 | typeof THRIFT.i64, value: number): void {
    this.field(id, type)
    this.varint(2 * value)
  }

  /** A text without its length. */
  utf8(value: string): void {
    // A character takes at most three bytes, a pair of surrogates four.
    this.reserve(3 * value.length)
    this.length += this.bytes.write(value, this.length)
  }

  /** A text as an element of a list. */
  text(value: string): void {
    const bytes = Buffer.from(value)
    this.varint(bytes.length)
    this.add(bytes)
  }

  binary(id: number, bytes: Uint8Array): void {
    this.field(id, THRIFT.binary)
    this.varint(bytes.length)
    this.add(bytes)
  }

  /** The header of a list; its elements follow. */
  list(id: number, type: number, count: number): void {
    this.field(id, THRIFT.list)
    if (count < 15) this.byte((count << 4) | type)
    else {
      this.byte(0xf0 | type)
      this.varint(count)
    }
  }

  /** A structure as a field; `stop` ends it. */
  open(id: number): void {
    this.field(id, THRIFT.struct)
    this.element()
  }

  /** A structure that is no field: an element of a list, or one that stands alone; `stop` ends it. `lastField` is there already. */
  element(lastField = 0): void {
    this.outerFields.push(this.lastField)
    this.lastField = lastField
  }

  stop(): void {
    this.byte(0)
    this.lastField = this.outerFields.pop() ?? 0
  }
}

const NONE = Buffer.alloc(0)
const viewOf = ({ buffer, byteOffset, length }: Buffer): DataView => new DataView(buffer, byteOffset, length)
