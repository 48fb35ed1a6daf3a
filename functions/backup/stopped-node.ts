/** The backup of a node that does not run: its folder is locked meanwhile, so that no node starts on it. */
import { stat } from 'node:fs/promises'
import { type Db, openDb } from '../../db/client.ts'
import { type BackupDone, type BackupProgress, type BackupTerms, backup } from '../_backup/backup.ts'
import { closeLake, openLake } from '../_lake/lake.ts'
import { stateFile } from '../_lake/paths.ts'

export interface StoppedTerms extends Omit<BackupTerms, 'lake' | 'db'> {
  root: string
  exportRoot: string
  /** False where the database is on a server. */
  hasFile: boolean
  say(sentence: string): void
  show(progress: BackupProgress): void
}

export async function backUpStopped(terms: StoppedTerms): Promise<BackupDone> {
  const { root, exportRoot, show } = terms
  const lake = openLake({ root, exportRoot })
  const db = await openStopped(terms)
  try {
    const steps = backup({ ...terms, lake, db })
    for (;;) {
      const { done, value } = await steps.next()
      if (done) return value
      show(value)
    }
  } finally {
    db?.close()
    await closeLake(lake)
  }
}

/** A damaged database must not keep the files from being saved: it can be made again from them. */
async function openStopped({ root, hasFile, say }: StoppedTerms): Promise<Db | null> {
  const file = stateFile(root)
  const isThere = await stat(file).then(
    ({ size }) => size > 0,
    () => false,
  )
  if (!hasFile || !isThere) return null
  try {
    return await openDb(file)
  } catch (error) {
    say(`The database is left out (${error instanceof Error ? error.message : error}).`)
    return null
  }
}
