/**
 * Gzip files of several members (RFC 1952), each of whole lines: any gzip tool reads them as one text, and a damaged member costs none of the others.
 * An empty member ends a file, so that one which was cut off between two members is noticed too.
 */
import { createReadStream } from 'node:fs'
import { promisify } from 'node:util'
import { constants, crc32, createInflateRaw, deflateRaw, inflateRaw } from 'node:zlib'

/** Bytes of a member before it is compressed. A quarter costs 3 % more room, four times as many save 1 % and lose four times as much to a bit. */
export const MEMBER_BYTES = 256 * 1024
/** What begins each member of ours: no time, no name, best compression. By chance these ten bytes do not occur. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 0xff])
const TRAILER_BYTES = 8
/** No member of ours comes near it, compressed or not. */
const LONGEST = 4 * MEMBER_BYTES

const deflated = promisify(deflateRaw) as (bytes: Uint8Array, options: object) => Promise<Buffer>
const inflated = promisify(inflateRaw) as (bytes: Uint8Array, options: object) => Promise<Buffer>

export interface Member {
  /** Where it begins in the file, and where the next one does. */
  start: number
  next: number
  /** Of a damaged one, what can be read of it. */
  bytes: Buffer
  /** What is wrong with it; null for one that is as it was written. */
  damage: string | null
}

/** One member. Digits of hashes have no repetitions worth a reference: "filtered" spares those that are found by chance, some 4 % of the room. */
export async function gzipMember(bytes: Uint8Array): Promise<Buffer> {
  const body = await deflated(bytes, { level: 9, memLevel: 9, strategy: constants.Z_FILTERED })
  return Buffer.concat([HEADER, body, trailerOf(bytes)])
}

/** What ends a file. */
export const END_MEMBER = Buffer.concat([HEADER, Buffer.from([3, 0]), trailerOf(Buffer.alloc(0))])

/** The members of a file from one that begins at byte `from`, one at a time. The empty one at the end is among them. `step` is how much is read at once. */
export async function* gzipMembers(file: string, from = 0, step = 64 * 1024): AsyncGenerator<Member> {
  let rest: Buffer = Buffer.alloc(0)
  let start = from
  let dropped = 0
  for await (const chunk of createReadStream(file, { start: from, highWaterMark: step })) {
    rest = rest.length === 0 ? (chunk as Buffer) : Buffer.concat([rest, chunk as Buffer])
    for (let end = nextHeader(rest, dropped); end !== -1; end = nextHeader(rest, dropped)) {
      const next = start + dropped + end
      yield dropped > 0 ? oversized(start, next) : await memberOf(rest.subarray(0, end), start)
      start = next
      dropped = 0
      rest = rest.subarray(end)
    }
    if (rest.length > LONGEST) {
      // A header may lie across.
      dropped += rest.length - HEADER.length
      rest = rest.subarray(rest.length - HEADER.length)
    }
  }
  if (dropped > 0) yield oversized(start, start + dropped + rest.length)
  else if (rest.length > 0) yield await memberOf(rest, start)
}

/** Where the next member begins; the one at hand begins at 0 unless its beginning was dropped. */
const nextHeader = (rest: Buffer, dropped: number): number => rest.indexOf(HEADER, dropped > 0 ? 0 : 1)

const oversized = (start: number, next: number): Member => ({
  start,
  next,
  bytes: Buffer.alloc(0),
  damage: `${next - start} bytes are no gzip member`,
})

async function memberOf(found: Buffer, start: number): Promise<Member> {
  const next = start + found.length
  if (!found.subarray(0, HEADER.length).equals(HEADER) || found.length < END_MEMBER.length)
    return { start, next, bytes: Buffer.alloc(0), damage: 'it does not begin as a gzip member of ours' }
  const body = found.subarray(HEADER.length, found.length - TRAILER_BYTES)
  try {
    const bytes = await inflated(body, { maxOutputLength: LONGEST })
    const isWhole = trailerOf(bytes).equals(found.subarray(-TRAILER_BYTES))
    return { start, next, bytes, damage: isWhole ? null : 'its checksum does not match' }
  } catch (error) {
    return { start, next, bytes: await readable(body), damage: error instanceof Error ? error.message : String(error) }
  }
}

/** What comes out of a damaged member before it makes no sense any more. */
function readable(body: Buffer): Promise<Buffer> {
  const parts: Buffer[] = []
  // What one step gave out before it failed is lost: small steps lose little.
  const stream = createInflateRaw({ chunkSize: 1024, finishFlush: constants.Z_SYNC_FLUSH })
  return new Promise((resolve) => {
    let length = 0
    const end = (): void => {
      stream.destroy()
      resolve(Buffer.concat(parts))
    }
    stream.on('data', (part: Buffer) => {
      parts.push(part)
      length += part.length
      if (length > LONGEST) end()
    })
    stream.on('error', end).on('end', end)
    stream.end(body)
  })
}

function trailerOf(bytes: Uint8Array): Buffer {
  const trailer = Buffer.alloc(TRAILER_BYTES)
  trailer.writeUInt32LE(crc32(bytes), 0)
  trailer.writeUInt32LE(bytes.length, 4)
  return trailer
}
