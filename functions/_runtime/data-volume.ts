/**
 * Whether the folder is the one this node keeps its data in. A file in the root names the volume; the database and a state directory off that volume
 * remember it. So a disk that is not mounted is not taken for a first start, nor another node's disk for this one's.
 */
import { mkdir, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import type { Db } from '../../db/client.ts'
import { claimDatabase, reassignDatabase, volumeOf } from '../../db/data-volume/data-volume.ts'
import { refuseUnfinished } from '../_backup/restore-marks.ts'
import { writeFileAtomic } from '../_lake/atomic.ts'
import { codeOf } from '../_lake/disk.ts'
import type { Log } from './log.ts'
import { type MountFiles, realPathOf, unmountedPoint } from './mounts.ts'
import type { Settings } from './settings.ts'

export type VolumeTerms = Pick<
  Settings,
  'dataRoot' | 'exportRoot' | 'stateDir' | 'dataVolumeId' | 'acceptNewVolume'
> & {
  mounts?: MountFiles | undefined
}

/** What was found before anything was made. */
export interface FoundVolume {
  /** What the file in the root says; null where there is none. */
  id: string | null
  /** What the operator or the state directory says; null where neither does. */
  expected: string | null
}

const ACCEPT = 'set ACCEPT_NEW_VOLUME=yes for one start'

export const identityFile = (root: string): string => join(root, '.volume-id')

/** The identity a root holds; null where it holds none. Throws what the file system throws for anything but a file that is not there. */
export async function readIdentity(root: string): Promise<string | null> {
  try {
    return (await readFile(identityFile(root), 'utf8')).trim() || null
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}

export const writeIdentity = (root: string, id: string): Promise<void> =>
  writeFileAtomic(identityFile(root), Buffer.from(`${id}\n`))

/** Looks before anything is made or written. Throws an Error with one sentence where the root is not the one that is remembered. */
export async function findVolume(terms: VolumeTerms): Promise<FoundVolume> {
  const { dataRoot: root, exportRoot, acceptNewVolume } = terms
  for (const [name, folder] of [
    ['DATA_ROOT', root],
    ['EXPORT_ROOT', exportRoot],
  ] as const) {
    const point = await unmountedPoint(folder, terms.mounts)
    if (point !== null) {
      throw new Error(
        `${name} ${folder} lies on ${point}, where /etc/fstab mounts a disk that is not mounted: mount it (mount ${point}), or take the line out of /etc/fstab`,
      )
    }
  }
  await refuseUnfinished(root)
  const id = await readIdentity(root)
  const expected = terms.dataVolumeId ?? (await remembered(terms))
  if (expected === null || acceptNewVolume || id === expected) return { id, expected }
  if (id !== null) {
    throw new Error(
      `DATA_ROOT ${root} holds volume ${id}, but this node's data is on volume ${expected}: mount the right disk, or ${ACCEPT} to go on with this one`,
    )
  }
  if (await isEmpty(root)) {
    throw new Error(
      `DATA_ROOT ${root} is empty, but this node's data, volume ${expected}, belongs there: mount its disk, or ${ACCEPT} to begin anew`,
    )
  }
  return { id, expected }
}

/** Ties root, database and state directory together. Call it when the root is locked and the database open; returns the identity. */
export async function claimVolume(
  terms: VolumeTerms,
  found: FoundVolume,
  db: Db,
  tools: { freshId: () => string; log: Log },
): Promise<string> {
  const { dataRoot: root, acceptNewVolume } = terms
  const known = await volumeOf(db)
  // A local database lies on the volume itself, so it may give back a file that was removed.
  const own = found.id ?? (db.exclusive ? known : null)
  if (!acceptNewVolume) {
    if (known !== null && known !== own) {
      throw new Error(
        `the database belongs to volume ${known}, but DATA_ROOT ${root} is ${own ?? 'another one, without an identity'}: give both of one node, or ${ACCEPT} to give the database to this root`,
      )
    }
    if (found.expected !== null && own !== found.expected) {
      throw new Error(
        `DATA_ROOT ${root} holds data that is not known to be of volume ${found.expected}, this node's: mount the right disk, or ${ACCEPT} to go on with this one`,
      )
    }
  }
  const id = own ?? terms.dataVolumeId ?? tools.freshId()
  // The file comes first: a database that belongs to a volume no root has could never be used again.
  if (found.id === null) await writeIdentity(root, id)
  if (acceptNewVolume) await reassignDatabase(db, id)
  const claimed = await claimDatabase(db, id)
  if (claimed !== id) {
    throw new Error(`the database was given to volume ${claimed} by another node just now, DATA_ROOT ${root} is ${id}`)
  }
  await remember(terms, id).catch((error: unknown) => tools.log('start.volume_not_remembered', { error }))
  return id
}

/** Nothing but hidden files and what a start makes before it finds out. */
async function isEmpty(root: string): Promise<boolean> {
  const names = await readdir(root).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const visible = names.filter((name) => !name.startsWith('.') && name !== 'lost+found')
  if (visible.some((name) => name !== 'state')) return false
  return visible.length === 0 || (await readdir(join(root, 'state'))).length === 0
}

const Remembered = z.record(z.string(), z.string())
const rememberedFile = (stateDir: string): string => join(stateDir, 'volumes.json')
/** Roots that are remembered; the oldest go first. */
const MOST_ROOTS = 100

async function remembered({ stateDir, dataRoot }: VolumeTerms): Promise<string | null> {
  if (stateDir === null) return null
  return (await readRemembered(stateDir))[await realPathOf(dataRoot)] ?? null
}

/** A file that is not there or cannot be read remembers nothing: the start must not depend on it. */
async function readRemembered(stateDir: string): Promise<Record<string, string>> {
  try {
    return Remembered.parse(JSON.parse(await readFile(rememberedFile(stateDir), 'utf8')))
  } catch {
    return {}
  }
}

async function remember({ stateDir, dataRoot }: VolumeTerms, id: string): Promise<void> {
  if (stateDir === null) return
  const root = await realPathOf(dataRoot)
  const { [root]: known, ...others } = await readRemembered(stateDir)
  if (known === id) return
  await mkdir(stateDir, { recursive: true })
  const newest = [...Object.entries(others).slice(1 - MOST_ROOTS), [root, id]]
  await writeFileAtomic(
    rememberedFile(stateDir),
    Buffer.from(`${JSON.stringify(Object.fromEntries(newest), null, 2)}\n`),
  )
}
