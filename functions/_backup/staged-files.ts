/**
 * Files that are written under temp names and become visible together: thousands at a time are brought to the disk by one sync of the file system, then
 * renamed. A name that is there holds the whole content, whenever the power goes.
 */
import { rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { eachBounded, realDisk, syncFolders, syncPath } from '../_lake/disk.ts'
import { syncFileSystem } from '../_lake/sync-file-system.ts'

export interface StagedFiles {
  /** On the file system of the files. */
  folder: string
  /** Whether that can be synced as a whole; otherwise each file is. */
  isSyncedAsWhole: boolean
  waiting: { temp: string; path: string }[]
}

const MOST_WAITING = 1_000
const AT_ONCE = 8

export const stagedFiles = async (folder: string): Promise<StagedFiles> => ({
  folder,
  // Tried while nothing waits: a sync that failed with something to lose must not be tried again in another way.
  isSyncedAsWhole: await syncFileSystem(folder),
  waiting: [],
})

/** Takes over a temp file that is written and closed. From time to time this takes as long as the disk needs. */
export async function stage(staged: StagedFiles, temp: string, path: string): Promise<void> {
  staged.waiting.push({ temp, path })
  if (staged.waiting.length >= MOST_WAITING) await settleStaged(staged)
}

/** Returns when every file that was staged before is visible and stays so. A file that does not become visible leaves no temp behind. */
export async function settleStaged(staged: StagedFiles): Promise<void> {
  const batch = staged.waiting.splice(0)
  if (batch.length === 0) return
  try {
    if (staged.isSyncedAsWhole) await syncWhole(staged.folder)
    else await eachBounded(batch, AT_ONCE, ({ temp }) => syncPath(realDisk, temp))
    await eachBounded(batch, AT_ONCE, ({ temp, path }) => rename(temp, path))
    if (staged.isSyncedAsWhole) await syncWhole(staged.folder)
    else await syncFolders(realDisk, new Set(batch.map(({ path }) => dirname(path))), AT_ONCE)
  } finally {
    for (const { temp } of batch) await rm(temp, { force: true }).catch(() => undefined)
  }
}

async function syncWhole(folder: string): Promise<void> {
  if (await syncFileSystem(folder)) return
  throw Object.assign(new Error(`the disk of ${folder} failed to take what was written`), { code: 'EIO' })
}

/** Lets go of what is not visible yet. */
export async function dropStaged(staged: StagedFiles): Promise<void> {
  for (const { temp } of staged.waiting.splice(0)) await rm(temp, { force: true }).catch(() => undefined)
}
