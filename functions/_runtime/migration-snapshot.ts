/** A copy of the local database before it is migrated, so that a person can go back to the version of the program before. */
import { open, readdir, rename, rm, stat, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Db } from '../../db/client.ts'
import { holdFileStill } from '../../db/hold-still.ts'
import { realDisk, syncPath } from '../_lake/disk.ts'
import { readApart, stampOf } from '../_lake/read-apart.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import type { Log } from './log.ts'

export interface SnapshotTerms {
  /** The local database file. */
  file: string
  /** The number of the first migration to come, such as 0023. */
  before: string
  log: Log
  /** How the room on the disk is measured. */
  free?(folder: string): Promise<number>
}

const KEPT = 2
/** What the migration itself writes first. */
const ROOM_BYTES = 64 * 1024 * 1024

const freeBytes = async (folder: string): Promise<number> => {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/**
 * Copies the database to `node.db.before-NNNN`, and keeps the newest two such copies. Throws an Error with one sentence where there is no room; then
 * nothing was migrated. An earlier copy of the same name gives way: it is older than what is migrated now.
 */
export async function snapshotBeforeMigration(db: Db, terms: SnapshotTerms): Promise<void> {
  const { file, before, log, free = freeBytes } = terms
  const folder = dirname(file)
  const copy = `${file}.before-${before}`
  await holdFileStill(db, async () => {
    const { size } = await stat(file)
    const [needed, there] = [size + ROOM_BYTES, await free(folder)]
    if (there < needed) {
      throw new Error(
        `the database must be migrated (${before}), and ${folder} has no room for a copy of it before that: ${megabytes(needed)} are needed, ${megabytes(there)} are free; free some room, or start the earlier version`,
      )
    }
    await copyApart(file, copy)
    log('start.database_copied', { copy, bytes: size })
  })
  const older = (await readdir(folder)).filter((name) => isCopy(basename(file), name)).sort()
  for (const name of older.slice(0, Math.max(0, older.length - KEPT))) await rm(join(folder, name), { force: true })
}

const isCopy = (file: string, name: string): boolean =>
  name.startsWith(`${file}.before-`) && /^\d{4}$/.test(name.slice(`${file}.before-`.length))

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`

/** Temp name, write, fsync, rename, fsync of the folder; this process never opens the file that is copied. */
async function copyApart(file: string, copy: string): Promise<void> {
  const temp = tempBeside(copy)
  try {
    const stamp = await stampOf(file)
    const { bytes, ended } = readApart(file)
    const handle = await open(temp, 'wx')
    try {
      for await (const piece of bytes) await handle.writeFile(piece as Uint8Array)
      await ended
      await handle.sync()
    } finally {
      await handle.close()
    }
    const [{ size }, whole] = [await stat(temp), await stat(file)]
    if ((await stampOf(file)) !== stamp || size !== whole.size)
      throw new Error(`the database ${file} changed while it was copied before its migration: start again`)
    await rename(temp, copy)
    await syncPath(realDisk, dirname(copy))
  } finally {
    await rm(temp, { force: true })
  }
}
