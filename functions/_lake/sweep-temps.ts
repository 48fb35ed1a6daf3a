/** Clears what killed processes left behind: temp files and DuckDB's spill folder. */
import { opendir, rm } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { codeOf } from './disk.ts'
import { spillFolder } from './duck.ts'
import { isTemp } from './temp-names.ts'

/**
 * Removes every temp file under a root, and its spill folder; returns how many things were removed. Holds one folder's handle per
 * level, whatever the tree's size. Call it before anything writes: it cannot tell a temp in use from a leftover.
 */
export async function sweepTemps(root: string): Promise<number> {
  return sweepFolder(root, basename(spillFolder(root)))
}

async function sweepFolder(folder: string, spill: string): Promise<number> {
  let removed = 0
  for await (const entry of await entriesOf(folder)) {
    const path = join(folder, entry.name)
    if (entry.isDirectory() && entry.name === spill) {
      await rm(path, { recursive: true, force: true })
      removed += 1
    } else if (entry.isDirectory()) {
      removed += await sweepFolder(path, spill)
    } else if (isTemp(entry.name)) {
      await rm(path, { force: true })
      removed += 1
    }
  }
  return removed
}

async function entriesOf(folder: string) {
  try {
    return await opendir(folder)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}
