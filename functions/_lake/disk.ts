/** The few things the lake asks of the file system, as one object so that a test can watch or break them; and durable folders. */
import { mkdir, open, readdir, rename, truncate, unlink } from 'node:fs/promises'
import { dirname } from 'node:path'

export interface Disk {
  open: typeof open
  rename: typeof rename
  mkdir: (path: string) => Promise<unknown>
  unlink: typeof unlink
  truncate: typeof truncate
}
export const realDisk: Disk = { open, rename, mkdir, unlink, truncate }

/** The disk failed or is full. `code` is the system's (ENOSPC, EIO, EROFS …); nothing incomplete is visible at `path`. */
export class DiskError extends Error {
  readonly code: string
  readonly path: string
  constructor(step: string, path: string, cause: unknown) {
    const code = codeOf(cause) ?? 'UNKNOWN'
    super(
      `could not ${step} ${path}: ${code}. Nothing incomplete was left there; free space or repair the disk, then call again`,
      { cause },
    )
    this.name = 'DiskError'
    this.code = code
    this.path = path
  }
}

export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** The names in a folder, or the paths of all that lies below it; none where there is no such folder. */
export async function namesIn(folder: string, options: { recursive?: boolean } = {}): Promise<string[]> {
  try {
    return await readdir(folder, options)
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
    throw error
  }
}

/** Makes a file's or folder's content reach the disk. A failed fsync must never be tried again: the kernel drops the pages and then lies. */
export async function syncPath(disk: Disk, path: string): Promise<void> {
  const handle = await disk.open(path, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Folders that exist but whose entry may not be on the disk yet: whoever else needs them must sync their parent too. */
const fresh = new Set<string>()

/** `mkdir -p`. Adds to `parents` every folder that must be synced before the new folders are safe. */
export async function makeFolder(disk: Disk, folder: string, parents: Set<string>, mayNest = true): Promise<void> {
  // Noted before it exists: another call that finds it existing must not believe it safe.
  const isNoted = fresh.has(folder)
  fresh.add(folder)
  try {
    await disk.mkdir(folder)
  } catch (error) {
    if (!isNoted) fresh.delete(folder)
    if (codeOf(error) === 'ENOENT' && mayNest && dirname(folder) !== folder) {
      await makeFolder(disk, dirname(folder), parents)
      // A parent that exists and still refuses (/proc) would be asked for ever.
      return makeFolder(disk, folder, parents, false)
    }
    if (codeOf(error) !== 'EEXIST') throw error
  }
  addUnsafe(folder, parents)
}

/** Adds to `parents` every folder that must be synced before a folder that exists is safe: whoever made it may not have done so yet. */
export function addUnsafe(folder: string, parents: Set<string>): void {
  for (let path = folder; fresh.has(path); path = dirname(path)) parents.add(dirname(path))
}

/** Syncs folders, each once, at most `concurrency` at a time. */
export async function syncFolders(disk: Disk, folders: Iterable<string>, concurrency: number): Promise<void> {
  const synced = [...new Set(folders)]
  const done = new Set(synced)
  // Taken before the sync: a folder made while it runs may have missed it.
  const made = [...fresh].filter((folder) => done.has(dirname(folder)))
  await eachBounded(synced, concurrency, (folder) => syncPath(disk, folder))
  for (const folder of made) fresh.delete(folder)
}

/** Runs `work` over the items, at most `concurrency` at a time. After a failure no new item is begun; the first failure is thrown when all have ended. */
export async function eachBounded<T>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, at: number) => Promise<void>,
): Promise<void> {
  let next = 0
  const failures: unknown[] = []
  const worker = async () => {
    while (next < items.length && failures.length === 0) {
      const at = next++
      try {
        await work(items[at] as T, at)
      } catch (error) {
        failures.push(error)
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(concurrency, items.length) }, worker))
  if (failures.length > 0) throw failures[0]
}
