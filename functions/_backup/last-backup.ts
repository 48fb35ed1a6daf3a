/** What the node remembers of its last backup, so that its age is known while the backup disk is away: `state/last-backup.json`. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../_lake/atomic.ts'
import { stateFile } from '../_lake/paths.ts'

const LastBackup = z.object({
  folder: z.string(),
  snapshot: z.string(),
  begunAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  files: z.int(),
  bytes: z.int(),
  newFiles: z.int(),
  newBytes: z.int(),
  damagedFiles: z.int(),
  /** Bytes of the database; null where it was not copied. */
  databaseBytes: z.int().nullable(),
  warnings: z.array(z.string()),
})
export type LastBackup = z.infer<typeof LastBackup>

const fileOf = (root: string): string => join(dirname(stateFile(root)), 'last-backup.json')

/** Null before the first, and where the file cannot be read. */
export async function readLastBackup(root: string): Promise<LastBackup | null> {
  try {
    return LastBackup.parse(JSON.parse(await readFile(fileOf(root), 'utf8')))
  } catch {
    return null
  }
}

export const writeLastBackup = (root: string, last: LastBackup): Promise<void> =>
  writeFileAtomic(fileOf(root), Buffer.from(`${JSON.stringify(last, null, 1)}\n`))
