/**
 * Guards the data volume of a running node: nothing is written once the volume or the open database file is gone or another one.
 *
 * A volume that comes back with the same database file is used again at once. A database file that was removed or replaced is not: this process
 * holds the old one, which has no name any more, and libSQL lets go of a file only with the process. So the process ends, and the next one opens what
 * is there; what the manifests know is in it again.
 */
import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { sql } from 'drizzle-orm'
import type { Db } from '../../db/client.ts'
import type { Reason } from '../_http/health.ts'
import type { WriteGuard } from '../_http/write-gate.ts'
import { codeOf } from '../_lake/disk.ts'
import { identityFile, readIdentity, writeIdentity } from './data-volume.ts'
import type { Log } from './log.ts'

export interface VolumeGuardTerms {
  root: string
  id: string
  /** The local database file; null for a server. */
  databaseFile: string | null
  db: Db
  now: () => number
  log: Log
}

export interface VolumeGuard extends WriteGuard {
  /** Resolves, with a sentence, when this process cannot go on with its database. */
  mustStop: Promise<string>
}

/** Lets the answers under way say why. */
const LAST_ANSWERS_MS = 1_000

export async function volumeGuard({ root, id, databaseFile, db, now, log }: VolumeGuardTerms): Promise<VolumeGuard> {
  let report: (sentence: string) => void
  const mustStop = new Promise<string>((resolve) => {
    report = resolve
  })
  const begun = { root: await fileId(root), database: await fileId(databaseFile) }
  let identity = await fileId(identityFile(root))
  let openLog: string | null = null
  let lost: (Reason & { since: number }) | null = null

  async function stateOf(): Promise<Pick<Reason, 'what' | 'todo'> | null> {
    const [folder, named, database, journal] = await Promise.all([
      fileId(root),
      fileId(identityFile(root)),
      fileId(databaseFile),
      fileId(databaseFile && `${databaseFile}-wal`),
    ])
    const isSameDatabase = database === begun.database
    if (named === null || named !== identity) {
      // The folder and the database are the same ones: somebody removed a file.
      if (named === null && folder === begun.root && isSameDatabase) await writeIdentity(root, id)
      const there = await readIdentity(root).catch((error: unknown) => `unreadable (${codeOf(error)})`)
      if (there !== id) {
        const what = there === null ? 'is gone: no volume is there' : `is another volume now, ${there}`
        return { what: `DATA_ROOT ${root} ${what}`, todo: 'Mount the disk of this node again; it goes on by itself' }
      }
      identity = await fileId(identityFile(root))
    }
    if (!isSameDatabase) return stopFor(`the database file ${databaseFile} was removed or replaced`)
    if (openLog !== null && journal !== openLog) {
      // The file that was removed is still open here: what it holds is brought into the database file before this process ends.
      await db.orm.run(sql`PRAGMA wal_checkpoint(TRUNCATE)`)
      return stopFor(`the log of the database, ${databaseFile}-wal, was removed or replaced`)
    }
    openLog = journal
    return null
  }

  function stopFor(what: string): Pick<Reason, 'what' | 'todo'> {
    setTimeout(
      () => report(`${what}: this process ends, and the next start opens what is there`),
      LAST_ANSWERS_MS,
    ).unref()
    return { what, todo: 'This process ends by itself; its supervisor starts it again' }
  }

  return {
    mustStop,
    async check() {
      const found = await stateOf()
      if (found === null) {
        if (lost !== null) log('volume.returned', { root, lostForMs: now() - lost.since })
        lost = null
        return null
      }
      if (lost === null) log('volume.lost', { root, why: found.what })
      lost = { ...found, code: 'volume_lost', since: lost?.since ?? now(), isDown: true }
      return lost
    },
  }
}

/** What tells a file from every other one of this machine; null when it is not there or cannot be looked at. */
async function fileId(path: string | null): Promise<string | null> {
  if (path === null) return null
  try {
    const { dev, ino }: BigIntStats = await stat(path, { bigint: true })
    return `${dev}:${ino}`
  } catch {
    return null
  }
}
