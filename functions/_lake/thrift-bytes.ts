/**
 * The headers and footers of Parquet files, in the library's own words but gathered in one buffer: the library makes up to four buffers
 * for each byte, which costs more than all the rows of a small file. Same bytes.
 */
import { TCompactProtocol } from 'parquetjs-lite/modules/thrift-lite/index.js'

/** Whatever knows how to write itself, as all structures of the library do. */
export interface Written {
  write(protocol: TCompactProtocol): void
}

const FIRST_BYTES = 4_096
const NOTHING = { write: () => undefined }

/** Gathers what a structure writes. Numbers are sizes, counts and offsets: whole, not negative, within 2^53. */
class Gathered extends TCompactProtocol {
  private bytes = Buffer.allocUnsafe(FIRST_BYTES)
  private length = 0

  constructor() {
    // Everything that would reach the transport is overridden below, or ends in one of these.
    super(NOTHING)
    this.trans = { write: (bytes: Uint8Array) => this.add(bytes) }
  }

  taken(): Buffer {
    return Buffer.from(this.bytes.subarray(0, this.length))
  }

  override writeByte(byte: number): void {
    this.reserve(1)
    this.bytes[this.length++] = byte
  }

  override writeVarint32(value: number): void {
    this.reserve(5)
    let left = value
    for (; (left & ~0x7f) !== 0; left >>>= 7) this.bytes[this.length++] = (left & 0x7f) | 0x80
    this.bytes[this.length++] = left
  }

  override writeI64(value: unknown): void {
    const number = Number(value)
    if (!Number.isSafeInteger(number) || number < 0 || number >= 2 ** 52) {
      super.writeI64(value)
      return
    }
    this.reserve(10)
    // Zigzag doubles what is not negative.
    let left = number * 2
    for (; left >= 0x80; left = Math.floor(left / 0x80)) this.bytes[this.length++] = (left % 0x80) | 0x80
    this.bytes[this.length++] = left
  }

  private add(bytes: Uint8Array): void {
    this.reserve(bytes.length)
    this.bytes.set(bytes, this.length)
    this.length += bytes.length
  }

  private reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return
    const larger = Buffer.allocUnsafe(2 * (this.length + more))
    this.bytes.copy(larger, 0, 0, this.length)
    this.bytes = larger
  }
}

/** A structure as the bytes of Thrift's compact protocol. */
export function thriftBytes(structure: Written): Buffer {
  const gathered = new Gathered()
  structure.write(gathered)
  return gathered.taken()
}
