/** What raw files hash to now, and what is thrown where that is not what was written. */
import { createHash, hash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { codeOf, eachBounded } from './disk.ts'
import { rawFileParts } from './paths.ts'
import { fileSizes } from './raw-days.ts'

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
export interface HashBook {
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
/** Above it a file is hashed piece by piece. */
const WHOLE_BYTES = 8_000_000

/** sha256 in hex of each file that is there, and the bytes read. Rejects with what the disk refuses. */
export async function hashFiles(paths: readonly string[]): Promise<{ hashes: Map<string, string>; bytes: number }> {
  const sizes = await fileSizes(paths)
  const hashes = new Map<string, string>()
  let bytes = 0
  await eachBounded([...sizes], AT_ONCE, async ([path, size]) => {
    const found = await hashOf(path, size)
    if (found === null) return
    hashes.set(path, found)
    bytes += size
  })
  return { hashes, bytes }
}

async function hashOf(path: string, size: number): Promise<string | null> {
  try {
    if (size <= WHOLE_BYTES) return hash('sha256', await readFile(path))
    const whole = createHash('sha256')
    for await (const piece of createReadStream(path, { highWaterMark: 1_000_000 })) whole.update(piece as Buffer)
    return whole.digest('hex')
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
