/** The parts of a ledger file: each holds the rows of some partitions, byte for byte the same for as long as these are judged the same. */
import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, open } from 'node:fs/promises'
import { sha256 } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import {
  columnsOf,
  footerStart,
  MAGIC,
  moved,
  readFooter,
  rowGroups,
  structBytes,
  TAIL_BYTES,
  textOf,
} from '../_parquet/footer.ts'
import { UnsupportedFileError } from '../_parquet/thrift-reader.ts'
import type { ThriftStruct } from '../_parquet/thrift-tree.ts'

/** Under this name the footer of a ledger lists its parts, in the order of their bytes. */
export const PARTS_KEY = 'ledger_parts'

/** A part as the footer lists it. */
export interface ListedPart {
  /** Such as `equities_bars 2024` or `equities_bars_minute 2025-07`. */
  name: string
  /** Of all that the rows follow from. */
  source: string
  bytes: number
  sha256: string
  groups: number
  /** Of the description of its row groups, as it is where the part stands first in a file. */
  groupsSha256: string
}

/** What the footer holds under that name. */
export interface PartList {
  /** Digest of the description of the columns. */
  columnsSha256: string
  parts: ListedPart[]
}

export interface LedgerPart extends ListedPart {
  /** Where its bytes begin. */
  offset: number
  /** As they are described where the part stands first in a file. */
  rowGroups: ThriftStruct[]
}

export interface LedgerParts {
  path: string
  footer: ThriftStruct
  /** Epoch nanoseconds; 0 where a part is damaged. */
  writtenAt: bigint
  parts: LedgerPart[]
}

/** The parts that a ledger lists; null where there is no file, or none of today's kind. Their bytes are not looked at. */
export async function listedParts(path: string): Promise<LedgerParts | null> {
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    const { size: bytes, mtimeNs: writtenAt } = await handle.stat({ bigint: true })
    const size = Number(bytes)
    const end = await bytesOf(handle, Math.max(0, size - TAIL_BYTES), TAIL_BYTES)
    const start = footerStart(end, size)
    if (!(await bytesOf(handle, 0, MAGIC.length)).equals(MAGIC)) return null
    const footer = readFooter(await bytesOf(handle, start, size - TAIL_BYTES - start))
    const list = JSON.parse(textOf(footer, PARTS_KEY) ?? 'null') as PartList
    if (list.columnsSha256 !== sha256(structBytes(columnsOf(footer)))) return null
    const parts = placed(list.parts, rowGroups(footer))
    const last = parts.at(-1)
    return last === undefined || last.offset + last.bytes !== start ? null : { path, footer, writtenAt, parts }
  } catch (error) {
    // Damaged in its footer, or written by an older version.
    if (error instanceof UnsupportedFileError || error instanceof SyntaxError || error instanceof TypeError) return null
    if (codeOf(error) === undefined) throw error
    return null
  } finally {
    await handle?.close()
  }
}

function placed(listed: readonly ListedPart[], groups: readonly ThriftStruct[]): LedgerPart[] {
  let offset = MAGIC.length
  let first = 0
  return listed.map((part) => {
    const begun = offset
    const own = groups.slice(first, first + part.groups)
    offset += part.bytes
    first += part.groups
    return { ...part, offset: begun, rowGroups: own.map((group, at) => moved(group, MAGIC.length - begun, at)) }
  })
}

/** Names of parts that a ledger has and another has not, or has otherwise; null where either lists none. */
export async function partsUnlike(path: string, other: string): Promise<string[] | null> {
  const [mine, theirs] = await Promise.all([listedParts(path), listedParts(other)])
  if (mine === null || theirs === null) return null
  const same = new Set(theirs.parts.map(({ name, sha256: hash }) => `${name} ${hash}`))
  return mine.parts.filter(({ name, sha256: hash }) => !same.has(`${name} ${hash}`)).map(({ name }) => name)
}

/** Those whose bytes are what they were when they were written, and so is what the footer says of them. */
export async function intactParts(path: string): Promise<LedgerParts | null> {
  const listed = await listedParts(path)
  if (listed === null) return null
  const handle = await open(path, 'r')
  try {
    const parts: LedgerPart[] = []
    for (const part of listed.parts) {
      if (part.groupsSha256 !== digestOfGroups(part.rowGroups)) continue
      if ((await copiedBytes(handle, part)) === part.sha256) parts.push(part)
    }
    // Who damaged one may have written it last: the time of the file then says nothing of what is older than it.
    return { ...listed, parts, writtenAt: parts.length === listed.parts.length ? listed.writtenAt : 0n }
  } finally {
    await handle.close()
  }
}

export const digestOfGroups = (groups: readonly ThriftStruct[]): string =>
  sha256(Buffer.concat(groups.map(structBytes)))

const PIECE_BYTES = 1024 * 1024

/** A stretch of a file: its sha256. It is appended to another file where there is one. Less is read where the file ends before. */
export async function copiedBytes(
  from: FileHandle,
  stretch: { offset: number; bytes: number },
  to?: FileHandle,
): Promise<string> {
  const hash = createHash('sha256')
  await copyBytes(from, stretch, hash, to)
  return hash.digest('hex')
}

/** The same, into a hash that may have seen other stretches. */
export async function copyBytes(
  from: FileHandle,
  { offset, bytes }: { offset: number; bytes: number },
  hash: Hash,
  to?: FileHandle,
): Promise<void> {
  const piece = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(1, bytes)))
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await from.read(piece, 0, Math.min(piece.length, bytes - done), offset + done)
    if (bytesRead === 0) break
    hash.update(piece.subarray(0, bytesRead))
    if (to !== undefined) await to.writeFile(piece.subarray(0, bytesRead))
    done += bytesRead
  }
}

export async function bytesOf(handle: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes)
  const { bytesRead } = await handle.read(buffer, 0, bytes, offset)
  return buffer.subarray(0, bytesRead)
}
