/** How a file becomes visible: complete or not at all. Temp name beside it, write, fsync, rename, fsync of the folder, in this order. */
import { rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import {
  addUnsafe,
  codeOf,
  type Disk,
  DiskError,
  eachBounded,
  makeFolder,
  realDisk,
  syncFolders,
  syncPath,
} from './disk.ts'
import { asidePath } from './paths.ts'
import { tempBeside } from './temp-names.ts'

export interface FileToWrite {
  path: string
  /** The content, or how to make it: then at most `concurrency` contents are in memory at once. */
  bytes: Uint8Array | (() => Uint8Array | Promise<Uint8Array>)
  /** True where a file stands at the path already, so that its folder need not be made. Only a hint. */
  isThere?: boolean
}

const PARALLEL = 8
/** Writes one file so that a reader, a crash or a power cut sees the old one or the new one. Throws DiskError. */
export async function writeFileAtomic(path: string, bytes: Uint8Array, disk: Disk = realDisk): Promise<void> {
  await writeFilesAtomic([{ path, bytes }], 1, disk)
}

/**
 * Writes many files, each as `writeFileAtomic` does, and returns when all of them are safe. Every folder is synced once, after
 * the last rename into it: until then a crash leaves a file old or new, never torn, and nobody was told that it is there.
 * Throws DiskError at the first failure; files renamed before it stay, whole.
 */
export async function writeFilesAtomic(
  files: readonly FileToWrite[],
  concurrency: number = PARALLEL,
  disk: Disk = realDisk,
): Promise<void> {
  const folders = new Set<string>()
  await eachBounded(files, concurrency, async ({ path, bytes, isThere = false }) => {
    const content = typeof bytes === 'function' ? await bytes() : bytes
    await guarded('write', path, async () => {
      if (isThere) addUnsafe(dirname(path), folders)
      else await makeFolder(disk, dirname(path), folders)
      try {
        await placeBytes(disk, path, content)
      } catch (error) {
        if (!isThere || codeOf(error) !== 'ENOENT') throw error
        await makeFolder(disk, dirname(path), folders)
        await placeBytes(disk, path, content)
      }
    })
    folders.add(dirname(path))
  })
  await guarded('sync the folders of', files[0]?.path ?? 'no file', () => syncFolders(disk, folders, concurrency))
}

/** Makes a temp file that somebody else wrote (DuckDB syncs nothing) visible under its final name. Throws DiskError; the temp is then gone. */
export async function adoptTemp(tempPath: string, finalPath: string, disk: Disk = realDisk): Promise<void> {
  await guarded('adopt', finalPath, async () => {
    try {
      await syncPath(disk, tempPath)
      await disk.rename(tempPath, finalPath)
    } catch (error) {
      await discard(disk, tempPath)
      throw error
    }
    await syncFolders(disk, [dirname(finalPath)], 1)
  })
}

/** Makes the folder of a file that DuckDB will write, durably. Throws DiskError. */
export async function makeFolderOf(path: string, disk: Disk = realDisk): Promise<void> {
  const parents = new Set<string>()
  await guarded('make the folder of', path, async () => {
    await makeFolder(disk, dirname(path), parents)
    await syncFolders(disk, parents, 1)
  })
}

/** Removes a file so that it stays removed. True when there was one. */
export async function removeDurable(path: string, disk: Disk = realDisk): Promise<boolean> {
  try {
    await disk.unlink(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw new DiskError('remove', path, error)
  }
  await guarded('remove', path, () => syncPath(disk, dirname(path)))
  return true
}

/** Takes a damaged file out of sight without destroying it: it gets the ending `.damaged`, durably. Returns the new path. */
export async function setAside(path: string, disk: Disk = realDisk): Promise<string> {
  const aside = asidePath(path)
  await guarded('set aside', path, async () => {
    await disk.rename(path, aside)
    await syncPath(disk, dirname(path))
  })
  return aside
}

/** Syncs files that are there already, and their folders: for what an earlier process wrote and may not have lived to sync. */
export async function confirmDurable(paths: readonly string[], disk: Disk = realDisk): Promise<void> {
  await guarded('sync', paths[0] ?? 'no file', async () => {
    await eachBounded(paths, PARALLEL, (path) => syncPath(disk, path))
    await syncFolders(disk, paths.map(dirname), PARALLEL)
  })
}

/**
 * Appends texts and returns when they are on the disk. A failed append is cut off again, so that the next one does not glue onto half a line,
 * and none of the texts stays without the others.
 */
export async function appendDurable(
  path: string,
  texts: readonly (string | Uint8Array)[],
  disk: Disk = realDisk,
): Promise<void> {
  await guarded('append to', path, async () => {
    const folders = new Set<string>()
    await makeFolder(disk, dirname(path), folders)
    const handle = await disk.open(path, 'a')
    let size: number
    try {
      size = (await handle.stat()).size
      try {
        for (const text of texts) await handle.writeFile(text)
        await handle.sync()
      } catch (error) {
        await handle.truncate(size).catch(() => undefined)
        throw error
      }
    } finally {
      await handle.close()
    }
    if (size === 0) folders.add(dirname(path))
    await syncFolders(disk, folders, 1)
  })
}

async function placeBytes(disk: Disk, path: string, bytes: Uint8Array): Promise<void> {
  const temp = tempBeside(path)
  try {
    const handle = await disk.open(temp, 'w')
    try {
      await handle.writeFile(bytes)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await disk.rename(temp, path)
  } catch (error) {
    await discard(disk, temp)
    throw error
  }
}

/** A temp that cannot be removed is only litter: the failure that led here is the one to tell. */
async function discard(disk: Disk, temp: string): Promise<void> {
  await disk.unlink(temp).catch(() => rm(temp, { force: true }).catch(() => undefined))
}

async function guarded(step: string, path: string, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    throw error instanceof DiskError ? error : new DiskError(step, path, error)
  }
}
