/** Snappy backwards, strictly: what does not end exactly where it said is refused. */
import { UnsupportedFileError } from './thrift-reader.ts'

/** Unpacks `packed` from `from` to `to` into `plain`, which it must fill to `length`. */
export function unpack(packed: Uint8Array, from: number, to: number, plain: Uint8Array, length: number): void {
  let at = from
  let done = 0
  let announced = 0
  for (let shift = 0; ; shift += 7) {
    const byte = packed[at++] as number
    announced += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) break
    if (shift > 28 || at >= to) throw new UnsupportedFileError('a length without an end')
  }
  if (announced !== length) throw new UnsupportedFileError('another length than announced')
  while (at < to) {
    const tag = packed[at++] as number
    let count = (tag >> 2) + 1
    if ((tag & 3) === 0) {
      if (count > 60) {
        const size = count - 60
        count = 1 + littleEndian(packed, at, size)
        at += size
      }
      if (at + count > to || done + count > length) throw new UnsupportedFileError('a literal beyond the end')
      if (count > 32) plain.set(packed.subarray(at, at + count), done)
      else for (let i = 0; i < count; i++) plain[done + i] = packed[at + i] as number
      at += count
    } else {
      const size = tag & 3
      let back: number
      if (size === 1) {
        count = ((tag >> 2) & 7) + 4
        back = ((tag >> 5) << 8) | (packed[at] as number)
      } else {
        back = littleEndian(packed, at, size === 2 ? 2 : 4)
      }
      at += size === 3 ? 4 : size
      if (back === 0 || back > done || done + count > length)
        throw new UnsupportedFileError('a copy from before the start')
      for (let i = 0; i < count; i++) plain[done + i] = plain[done + i - back] as number
    }
    done += count
  }
  if (at !== to || done !== length) throw new UnsupportedFileError('ended early')
}

function littleEndian(bytes: Uint8Array, at: number, size: number): number {
  let value = 0
  for (let i = 0; i < size; i++) value += (bytes[at + i] as number) * 2 ** (8 * i)
  return value
}
