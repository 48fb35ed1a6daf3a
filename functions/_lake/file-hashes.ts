/** What raw files hash to now, and what is thrown where that is not what was written. */
import { createHash } from 'node:crypto'
import { close, open, read } from 'node:fs'
import { basename, dirname } from 'node:path'
import { codeOf, eachBounded } from './disk.ts'
import { rawFileParts } from './paths.ts'

/** Raw files whose bytes are not those that were written. What of them is still good, only their rows can tell. */
export class DamagedFiles extends Error {
  readonly paths: string[]
  constructor(paths: string[]) {
    super(
      `expected the bytes that were written at ${paths.join(', ')}, got others: compare their rows with their digests`,
    )
    this.name = 'DamagedFiles'
    this.paths = paths
  }
}

/** What the node knows of the hashes of raw files, by path: sha256 in hex, or the beginning of it. */
export interface RecordedHashes {
  expected(paths: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Called after the files are on the disk and before anything tells of them. */
  wrote(hashes: ReadonlyMap<string, string>): Promise<void>
}

/** Is this the hash that was expected? A beginning of it is enough; where none is known, any is. */
export const isExpected = (found: string, expected: string | undefined): boolean =>
  expected === undefined || found.startsWith(expected)

/** How a file is known among those of its dataset: a day may hold the two folders of one cell, `symbol=SPY` and `underlier=SPY`. */
export function fileKeyOf(root: string, path: string): { dt: string; vendor: string; symbol: string } {
  const parts = rawFileParts(root, path)
  if (!parts) throw new Error(`expected a raw file, got ${path}`)
  const { dt, vendor, symbol } = parts
  const mark = basename(dirname(path)).startsWith('underlier=') ? '=' : ''
  return { dt, vendor, symbol: symbol === null ? '' : `${mark}${symbol}` }
}

const AT_ONCE = 8
/** Most raw files fit into one piece: they are read by a single call. */
const PIECE_BYTES = 256 * 1024

/** sha256 in hex of each file that is there, and the bytes read. Rejects with what the disk refuses. */
export async function hashFiles(paths: readonly string[]): Promise<{ hashes: Map<string, string>; bytes: number }> {
  const hashes = new Map<string, string>()
  let bytes = 0
  const free: Buffer[] = []
  await eachBounded(paths, AT_ONCE, async (path) => {
    const piece = free.pop() ?? Buffer.allocUnsafe(PIECE_BYTES)
    const found = await hashFile(path, piece).catch(noneWhereGone)
    free.push(piece)
    if (found === null) return
    hashes.set(path, found.hash)
    bytes += found.bytes
  })
  return { hashes, bytes }
}

function noneWhereGone(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}

/**
 * sha256 in hex of a file, and the bytes read; `piece` is the buffer they are read into. The callbacks of `fs` cost half of what its promises do,
 * and a partition of thousands of small files feels that.
 */
export async function hashFile(
  path: string,
  piece: Buffer = Buffer.allocUnsafe(PIECE_BYTES),
): Promise<{ hash: string; bytes: number }> {
  const handle = await opened(path)
  try {
    const whole = createHash('sha256')
    let bytes = 0
    for (;;) {
      const count = await readInto(handle, piece)
      if (count === 0) return { hash: whole.digest('hex'), bytes }
      whole.update(piece.subarray(0, count))
      bytes += count
    }
  } finally {
    await closed(handle)
  }
}

const opened = (path: string): Promise<number> =>
  new Promise((resolve, reject) => open(path, 'r', (error, handle) => (error ? reject(error) : resolve(handle))))
const readInto = (handle: number, into: Buffer): Promise<number> =>
  new Promise((resolve, reject) =>
    read(handle, into, 0, into.length, null, (error, count) => (error ? reject(error) : resolve(count))),
  )
const closed = (handle: number): Promise<void> =>
  new Promise((resolve, reject) => close(handle, (error) => (error ? reject(error) : resolve())))
