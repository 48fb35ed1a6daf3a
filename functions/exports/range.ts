/** The header Range of RFC 9110, section 14.2: one range of bytes. */

export interface ByteRange {
  start: number
  /** The last byte, inclusive. */
  end: number
}

/**
 * Which bytes of a file are asked for: a range, `whole`, or `unsatisfiable` (416). What is no valid range of bytes, and a list of several, is
 * ignored, as the RFC lets a server do.
 */
export function readRange(header: string | undefined, size: number): ByteRange | 'whole' | 'unsatisfiable' {
  const [, first = '', last = ''] = /^\s*bytes=\s*(\d*)-(\d*)\s*$/i.exec(header ?? '') ?? []
  if (first === '' && last === '') return 'whole'
  if (first === '') {
    const length = Number(last)
    return length === 0 || size === 0 ? 'unsatisfiable' : { start: Math.max(0, size - length), end: size - 1 }
  }
  const start = Number(first)
  // Of two long numbers the texts are compared: as numbers they may be equal.
  if (last !== '' && BigInt(last) < BigInt(first)) return 'whole'
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size - 1 : Math.min(Number(last), size - 1) }
}
