/**
 * The contents of a backup, each once, named by its sha256: `blobs/ab/ab12…`. A name that is there holds the whole content, so a file that was copied
 * before is never copied again, whatever it was called, and a version that was replaced stays as long as a snapshot needs it.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, open, readdir, readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { sha256 as sha256Of } from '../_lake/digest.ts'
import { codeOf, makeFolder, realDisk, syncFolders } from '../_lake/disk.ts'
import { hashFile } from '../_lake/file-hashes.ts'
import { isTemp, tempBeside } from '../_lake/temp-names.ts'
import { BackupFault, targetFault } from './backup-fault.ts'
import { dropStaged, type StagedFiles, settleStaged, stage, stagedFiles } from './staged-files.ts'

export interface Content {
  sha256: string
  bytes: number
  /** False where the backup had it already. */
  isNew: boolean
}

export interface Blobs {
  folder: string
  /** Contents that are copied and not visible yet. */
  staged: StagedFiles
}

/** Smaller files are read at once; larger ones in pieces. */
const SMALL_BYTES = 4 * 1024 * 1024
const PIECE_BYTES = 1024 * 1024

export const blobFolder = (target: string): string => join(target, 'blobs')
export const blobPath = (target: string, sha256: string): string => join(blobFolder(target), sha256.slice(0, 2), sha256)

/** The 256 folders, made at once: a folder that is missing later says that the disk is gone. */
export async function makeBlobFolders(target: string): Promise<void> {
  const parents = new Set<string>()
  for (let prefix = 0; prefix < 256; prefix++)
    await makeFolder(realDisk, join(blobFolder(target), prefix.toString(16).padStart(2, '0')), parents)
  await syncFolders(realDisk, parents, 8)
}

/** Copies a file, or its first `upTo` bytes. What the source refuses is thrown as it is; what the target refuses as a BackupFault. */
export async function putFile(blobs: Blobs, source: string, upTo = Number.POSITIVE_INFINITY): Promise<Content> {
  const handle = await open(source, 'r')
  try {
    const { size } = await handle.stat()
    const length = Math.min(size, upTo)
    if (length > SMALL_BYTES) return await putPieces(blobs, piecesOf(handle, length))
    const { buffer, bytesRead } = await handle.read(Buffer.allocUnsafe(length), 0, length, 0)
    return await putBytes(blobs, buffer.subarray(0, bytesRead))
  } finally {
    await handle.close()
  }
}

async function* piecesOf(handle: FileHandle, length: number): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  for (let at = 0; at < length; ) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(PIECE_BYTES, length - at), at)
    if (bytesRead === 0) return
    at += bytesRead
    yield piece.subarray(0, bytesRead)
  }
}

export async function putBytes(blobs: Blobs, bytes: Uint8Array): Promise<Content> {
  const sha256 = sha256Of(bytes)
  if ((await blobSize(blobs.folder, sha256)) === bytes.length) return { sha256, bytes: bytes.length, isNew: false }
  return await putPieces(blobs, [bytes])
}

/** Writes under a temp name and reads back what was written. `syncBlobs` brings it to the disk and gives it its name. */
export async function putPieces(
  blobs: Blobs,
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): Promise<Content> {
  const temp = tempBeside(join(blobFolder(blobs.folder), 'blob'))
  try {
    const whole = createHash('sha256')
    let bytes = 0
    const handle = await onTarget(blobs, () => open(temp, 'wx'))
    try {
      for await (const piece of pieces) {
        whole.update(piece)
        bytes += piece.length
        await onTarget(blobs, () => handle.writeFile(piece))
      }
    } finally {
      await handle.close().catch(() => undefined)
    }
    const sha256 = whole.digest('hex')
    if ((await blobSize(blobs.folder, sha256)) === bytes) {
      await rm(temp, { force: true })
      return { sha256, bytes, isNew: false }
    }
    await onTarget(blobs, async () => {
      await checkCopy(blobs.folder, temp, sha256)
      await stage(blobs.staged, temp, blobPath(blobs.folder, sha256))
    })
    return { sha256, bytes, isNew: true }
  } catch (error) {
    await rm(temp, { force: true }).catch(() => undefined)
    throw error
  }
}

async function checkCopy(folder: string, temp: string, expected: string): Promise<void> {
  const { hash } = await hashFile(temp)
  if (hash === expected) return
  throw new BackupFault(
    `what was written to the backup folder ${folder} reads back as something else: its disk or cable is faulty; use another one`,
  )
}

/** Every content that was put is on the disk under its name. */
export const syncBlobs = (blobs: Blobs): Promise<void> => onTarget(blobs, () => settleStaged(blobs.staged))

export const dropBlobs = (blobs: Blobs): Promise<void> => dropStaged(blobs.staged)

/** The contents of a backup, without what a killed process left in the making. For who holds the lock of the folder. */
export async function openBlobs(folder: string): Promise<Blobs> {
  for (const name of await readdir(blobFolder(folder)))
    if (isTemp(name)) await rm(join(blobFolder(folder), name), { force: true })
  return { folder, staged: await stagedFiles(folder) }
}

/** A small content, checked. Throws BackupFault where it is gone or damaged. */
export async function readBlob(folder: string, sha256: string): Promise<Buffer> {
  const path = blobPath(folder, sha256)
  const bytes = await readFile(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw targetFault(folder, error)
  })
  if (bytes !== null && sha256Of(bytes) === sha256) return bytes
  throw new BackupFault(`${path} of the backup is ${bytes === null ? 'gone' : 'damaged'}: use an earlier snapshot`)
}

/** Whether a content is there and what its name says, read to its end. One that is damaged is removed: put again, it is written again. */
export async function isWhole(folder: string, sha256: string): Promise<boolean> {
  const path = blobPath(folder, sha256)
  try {
    if ((await hashFile(path)).hash === sha256) return true
    await rm(path, { force: true })
    return false
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw targetFault(folder, error)
  }
}

/** Null where there is none. */
async function blobSize(folder: string, sha256: string): Promise<number | null> {
  try {
    return (await stat(blobPath(folder, sha256))).size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw targetFault(folder, error)
  }
}

async function onTarget<T>({ folder }: Blobs, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw targetFault(folder, error)
  }
}
