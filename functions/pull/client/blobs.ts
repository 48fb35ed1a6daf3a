/** Fetched content below DIR/.pull, named by its sha256: whole and verified, or a beginning that a later run goes on from. */
import { createHash, type Hash } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'

export interface BlobFolders {
  whole: string
  partial: string
}

export const blobFolders = (dir: string): BlobFolders => ({
  whole: join(dir, '.pull', 'blobs'),
  partial: join(dir, '.pull', 'partial'),
})

export async function makeBlobFolders({ whole, partial }: BlobFolders): Promise<void> {
  await mkdir(whole, { recursive: true })
  await mkdir(partial, { recursive: true })
}

/** Size of a file; -1 where there is none. */
export const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    (found) => (found.isFile() ? found.size : -1),
    () => -1,
  )

/** A blob that is being fetched: bytes are appended and hashed as they come. */
export interface PartialBlob {
  readonly bytes: number
  append(piece: Uint8Array): Promise<void>
  /** Begins anew. */
  clear(): Promise<void>
  /** Verifies, syncs and renames; false where the hash is another: then nothing is left of it. */
  finish(): Promise<boolean>
  close(): Promise<void>
}

/** Goes on with what is there of the blob. What is longer than the blob is none of it. */
export async function openPartial(
  { whole, partial }: BlobFolders,
  sha256: string,
  bytes: number,
): Promise<PartialBlob> {
  const path = join(partial, sha256)
  const found = await sizeOf(path)
  const handle = await open(path, found >= 0 && found <= bytes ? 'r+' : 'w+')
  let hash = createHash('sha256')
  let length = 0
  const clear = async (): Promise<void> => {
    if (length === 0) return
    await handle.truncate(0)
    hash = createHash('sha256')
    length = 0
  }
  try {
    if (found > 0 && found <= bytes) length = await hashFrom(handle, hash)
  } catch (error) {
    await handle.close()
    throw error
  }
  return {
    get bytes() {
      return length
    },
    async append(piece) {
      for (let at = 0; at < piece.length; ) {
        const { bytesWritten } = await handle.write(piece, at, piece.length - at, length + at)
        at += bytesWritten
      }
      hash.update(piece)
      length += piece.length
    },
    clear,
    async finish() {
      if (length !== bytes || hash.digest('hex') !== sha256) {
        await clear()
        return false
      }
      await handle.chmod(0o444).catch(() => undefined)
      await handle.sync()
      await rename(path, join(whole, sha256))
      return true
    },
    close: () => handle.close(),
  }
}

const PIECE_BYTES = 256 * 1024

/** Hashes a file from its beginning to its end; returns its size. */
async function hashFrom(handle: FileHandle, hash: Hash, signal?: AbortSignal): Promise<number> {
  const piece = Buffer.allocUnsafeSlow(PIECE_BYTES)
  for (let at = 0; ; ) {
    const { bytesRead } = await handle.read(piece, 0, piece.length, at)
    if (bytesRead === 0) return at
    signal?.throwIfAborted()
    hash.update(piece.subarray(0, bytesRead))
    at += bytesRead
  }
}

/** sha256 of a file; null where it cannot be read. */
export async function hashOfFile(path: string, signal: AbortSignal): Promise<string | null> {
  const hash = createHash('sha256')
  let handle: FileHandle | undefined
  try {
    handle = await open(path, 'r')
    await hashFrom(handle, hash, signal)
    return hash.digest('hex')
  } catch {
    signal.throwIfAborted()
    return null
  } finally {
    await handle?.close()
  }
}

/** Removes what no bundle that is being fetched needs. */
export async function clearBlobs({ whole, partial }: BlobFolders): Promise<void> {
  for (const folder of [whole, partial])
    for (const name of await readdir(folder)) await rm(join(folder, name), { force: true })
}
