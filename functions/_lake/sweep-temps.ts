/** Clears what killed processes left behind: temp files and DuckDB's spill folder. */
import type { Dirent } from 'node:fs'
import { readdir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { codeOf, eachBounded } from './disk.ts'
import { spillFolder } from './duck.ts'
import { isOwnTemp, isTemp } from './temp-names.ts'

/** Folders read at once: one after the other, a start would wait a minute for a tree of 200,000. */
const AT_ONCE = 16

/**
 * Removes every temp file under a root, and its spill folder; returns how many things were removed. Walks the newest-found folders first, so
 * that only the names beside the way down wait in memory. Call it before anything writes, for it cannot tell a temp in use from a leftover; or with
 * `isOwnSpared`, in the one process that writes: then what this process has in the making stays.
 */
export async function sweepTemps(root: string, { isOwnSpared = false } = {}): Promise<number> {
  const spill = basename(spillFolder(root))
  const waiting = [root]
  let removed = 0
  while (waiting.length > 0) {
    await eachBounded(waiting.splice(-AT_ONCE), AT_ONCE, async (folder) => {
      for (const entry of await entriesOf(folder)) {
        const path = join(folder, entry.name)
        const isSpill = entry.isDirectory() && entry.name === spill
        if (isOwnSpared && (isSpill || isOwnTemp(entry.name))) continue
        if (isSpill || (!entry.isDirectory() && isTemp(entry.name))) {
          await rm(path, { recursive: isSpill, force: true })
          removed += 1
        } else if (entry.isDirectory()) waiting.push(path)
      }
    })
  }
  return removed
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}
