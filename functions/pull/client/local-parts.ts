/** Parts of large files that a bundle in DIR has already: they are copied, and only the rest of the file is fetched. */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { PartialBlob } from './blobs.ts'
import { localDays } from './local-bundles.ts'
import { type BundleFile, MANIFEST_NAME, readParts } from './proof.ts'

export interface LocalPart {
  path: string
  offset: number
  bytes: number
}

/** By sha256, as the manifest of the newest bundle lists them. Their bytes are not looked at. */
export async function localParts(dir: string): Promise<Map<string, LocalPart>> {
  const found = new Map<string, LocalPart>()
  const asof = (await localDays(dir)).at(-1)
  if (asof === undefined) return found
  const folder = join(dir, 'nightly', asof)
  try {
    const { files } = JSON.parse(await readFile(join(folder, MANIFEST_NAME), 'utf8')) as { files: BundleFile[] }
    for (const { path, bytes, parts } of files)
      for (const { sha256, ...part } of readParts(parts, bytes))
        found.set(sha256, { path: join(folder, path), ...part })
  } catch {
    // Without a manifest nothing is known of its parts.
  }
  return found
}

/** Bytes of a file, from `begun` on, that need not be fetched. */
export const bytesHere = ({ parts = [] }: BundleFile, local: ReadonlyMap<string, LocalPart>, begun: number): number =>
  parts
    .filter(({ sha256 }) => local.has(sha256))
    .reduce((sum, { offset, bytes }) => sum + Math.max(0, offset + bytes - Math.max(offset, begun)), 0)

/**
 * Copies what is left of the part in which the blob has arrived. Returns whether it did: the part is hashed first, and its bytes are taken only where they are those
 * that the bundle lists. `to` says where the next part begins that may be copied, or the file ends.
 */
export async function copyPart(
  partial: PartialBlob,
  { parts = [], bytes }: BundleFile,
  local: Map<string, LocalPart>,
): Promise<{ isCopied: boolean; to: number }> {
  const known = parts.filter(({ sha256 }) => local.has(sha256))
  const part = known.find(({ offset, bytes: own }) => offset <= partial.bytes && partial.bytes < offset + own)
  const next = known.find(({ offset }) => offset > partial.bytes)?.offset ?? bytes
  if (part === undefined) return { isCopied: false, to: next }
  const isCopied = await appendVerified(partial, local.get(part.sha256)!, part.sha256, partial.bytes - part.offset)
  // Damaged or gone: it is not looked at again.
  if (!isCopied) local.delete(part.sha256)
  return { isCopied, to: next }
}

async function appendVerified(
  partial: PartialBlob,
  { path, offset, bytes }: LocalPart,
  sha256: string,
  from: number,
): Promise<boolean> {
  const handle = await open(path, 'r').catch(() => null)
  if (handle === null) return false
  try {
    const hash = createHash('sha256')
    const isRead = await eachPiece(handle, offset, bytes, async (piece) => void hash.update(piece))
    if (!isRead || hash.digest('hex') !== sha256) return false
    return await eachPiece(handle, offset + from, bytes - from, (piece) => partial.append(piece))
  } finally {
    await handle.close()
  }
}

const COPY_BYTES = 256 * 1024

/** Hands a stretch of a file on; false where it cannot be read to its end. */
async function eachPiece(
  handle: FileHandle,
  offset: number,
  bytes: number,
  take: (piece: Uint8Array) => Promise<void>,
): Promise<boolean> {
  const piece = Buffer.allocUnsafeSlow(COPY_BYTES)
  for (let done = 0; done < bytes; ) {
    const count = await handle.read(piece, 0, Math.min(piece.length, bytes - done), offset + done).then(
      ({ bytesRead }) => bytesRead,
      () => 0,
    )
    if (count === 0) return false
    await take(piece.subarray(0, count))
    done += count
  }
  return true
}
