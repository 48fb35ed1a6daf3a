/** Two files by which a start knows of a restore: one that is not finished, and one that was just made. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { removeDurable } from '../_lake/atomic.ts'
import { codeOf } from '../_lake/disk.ts'
import { stateFile } from '../_lake/paths.ts'

/** While it is there, files of the root are missing. */
export const unfinishedRestore = (root: string): string => join(root, '.restore.json')

/** The database is one of an earlier evening: what was asked since, it does not know. */
export const restoredMark = (root: string): string => join(dirname(stateFile(root)), 'restored.json')

/** Throws an Error with one sentence where a restore of the root was cut off. */
export async function refuseUnfinished(root: string): Promise<void> {
  if (!(await isThere(unfinishedRestore(root)))) return
  throw new Error(
    `DATA_ROOT ${root} is a restore that was cut off: run npm run restore again, with the same folders, then start the node`,
  )
}

export const isRestored = (root: string): Promise<boolean> => isThere(restoredMark(root))

/** Call it when the start has dealt with it. */
export const forgetRestored = async (root: string): Promise<void> => void (await removeDurable(restoredMark(root)))

async function isThere(path: string): Promise<boolean> {
  try {
    await readFile(path)
    return true
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return false
    throw error
  }
}
