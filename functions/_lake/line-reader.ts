/** Reads a file of lines from a byte on: whole lines with the byte after each, in bounded memory whatever the file holds. */
import { createReadStream } from 'node:fs'
import { z } from 'zod'
import { checksumOf } from './line-checksum.ts'

export const NEWLINE = 0x0a
/** No line of ours comes near it; a stretch of NULs may be gigabytes. */
const LONGEST_LINE = 1024 * 1024
/** Of a bad line this much is kept. */
const LONGEST_SAMPLE = 4096

/** A line that is not one of ours, or not as it was written. */
export interface BadLine {
  /** Where it begins in its file. */
  byte: number
  /** The first 4 KiB of it. */
  text: string
  why: string
}

export interface RawLine {
  /** Without the newline; null for one that is longer than any of ours, and where bytes cannot be read as lines. */
  bytes: Buffer | null
  start: number
  /** Up to here the file is known once the line is: the byte after it; 0 where that cannot be said before the last line. */
  next: number
  /** What is wrong with it, or with what surrounds it: then only its own checksum can vouch for it. */
  damage?: string
}

/** The lines from byte `start` on that end with a newline: what follows the last one is not there yet. */
export async function* wholeLines(file: string, start: number): AsyncGenerator<RawLine> {
  let rest: Buffer = Buffer.alloc(0)
  let at = start
  let dropped = 0
  for await (const chunk of createReadStream(file, { start })) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
    let from = 0
    for (let end = rest.indexOf(NEWLINE); end !== -1; end = rest.indexOf(NEWLINE, from)) {
      const next = at + dropped + end + 1 - from
      yield { bytes: dropped === 0 ? rest.subarray(from, end) : null, start: at, next }
      at = next
      dropped = 0
      from = end + 1
    }
    rest = rest.subarray(from)
    if (rest.length > LONGEST_LINE) {
      dropped += rest.length
      rest = rest.subarray(rest.length)
    }
  }
}

/** A line as the object it stands for, or what is wrong with it. */
export function parsedLine<T>(
  schema: z.ZodType<T>,
  { bytes, start, damage }: RawLine,
): { value: T } | { bad: BadLine } {
  if (bytes === null)
    return { bad: { byte: start, text: '', why: damage ?? `it is longer than ${LONGEST_LINE} bytes` } }
  const bad = (why: string) => ({
    bad: { byte: start, text: bytes.toString('utf8', 0, Math.min(bytes.length, LONGEST_SAMPLE)), why },
  })
  const checksum = checksumOf(bytes)
  if (checksum === 'wrong') return bad('its checksum does not match')
  if (checksum === 'none' && damage !== undefined) return bad(damage)
  let json: unknown
  try {
    json = JSON.parse(bytes.toString('utf8'))
  } catch {
    return bad('it is not JSON')
  }
  // One that has a checksum in another place is not as it was written.
  if (checksum === 'none' && typeof json === 'object' && json !== null && 'crc' in json) {
    return bad('its checksum does not end it')
  }
  const parsed = schema.safeParse(json)
  return parsed.success ? { value: parsed.data } : bad(z.prettifyError(parsed.error))
}
