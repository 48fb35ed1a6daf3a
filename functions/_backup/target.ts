/** The folder a backup goes to: whose it is, whether it may be used, and whether it is still there. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { z } from 'zod'
import { lockFile } from '../../db/file-lock.ts'
import { writeFileAtomic } from '../_lake/atomic.ts'
import { codeOf, makeFolder, realDisk, syncFolders } from '../_lake/disk.ts'
import { BackupFault, targetFault } from './backup-fault.ts'
import { type Blobs, makeBlobFolders, openBlobs } from './blobs.ts'
import { snapshotFolder } from './snapshot.ts'
import { TARGET_README } from './target-readme.ts'

export interface TargetTerms {
  folder: string
  /** Roots of the node; the folder lies in none of them. */
  root: string
  exportRoot: string
  /** The identity of the data volume. */
  node: string
  /** Whether a backup of this node was made there before: then an empty folder is a disk that is not mounted. */
  isExpected: boolean
  /** Takes an empty folder in place of the expected one, because a person said so. */
  acceptNew: boolean
  /** The mount point of a disk that should be mounted at or above a path and is not; null where there is none. */
  missingMount(path: string): Promise<string | null>
  now(): number
}

export interface Target {
  folder: string
  blobs: Blobs
  /** What a person should know, in sentences. */
  warnings: string[]
  /** Throws BackupFault when the folder is another one by now. */
  check(): Promise<void>
  release(): void
}

const Identity = z.object({ format: z.literal(1), node: z.string(), begun_at: z.string() })
const OURS = new Set(['backup.json', 'blobs', 'snapshots', 'README.md', 'lost+found', 'running.jsonl'])

export const identityPath = (folder: string): string => join(folder, 'backup.json')

/** Throws BackupFault, one sentence, where the folder cannot be used; nothing was written then. */
export async function openTarget(terms: TargetTerms): Promise<Target> {
  try {
    return await open(terms)
  } catch (error) {
    throw targetFault(terms.folder, error)
  }
}

async function open(terms: TargetTerms): Promise<Target> {
  const { folder, root, node, isExpected, acceptNew } = terms
  await refuseWithin(terms)
  const point = await terms.missingMount(folder)
  if (point !== null) {
    throw new BackupFault(
      `the backup folder ${folder} lies on ${point}, whose disk is not mounted: mount it (mount ${point})`,
    )
  }
  const owner = await ownerOf(folder)
  if (owner !== null && owner !== node) {
    throw new BackupFault(
      `the backup folder ${folder} holds the backup of another node (volume ${owner}, this one is ${node}): give each node a folder of its own`,
    )
  }
  if (owner === null) {
    if (isExpected && !acceptNew) {
      throw new BackupFault(
        `the backup folder ${folder} is empty, but this node's backup was there: mount its disk, or say "acceptNew": true (--accept-new) to begin a new backup`,
      )
    }
    await refuseFilled(folder)
    await prepare(folder, node, terms.now())
  }
  const lock = lockFile(join(folder, '.lock'))
  if (lock === 'taken') throw new BackupFault(`another backup into ${folder} is under way: wait until it has ended`)
  const begun = await fileId(identityPath(folder))
  return {
    folder,
    blobs: await openBlobs(folder),
    warnings: (await isSameDisk(folder, root))
      ? [`the backup folder ${folder} is on the same disk as the data: it is lost together with it; use another disk`]
      : [],
    async check() {
      if ((await fileId(identityPath(folder))) === begun) return
      throw targetFault(folder, Object.assign(new Error('gone'), { code: 'ENODEV' }))
    },
    release: () => (lock === 'unsupported' ? undefined : lock.release()),
  }
}

async function refuseWithin({ folder, root, exportRoot }: TargetTerms): Promise<void> {
  const real = await realPathOf(folder)
  for (const [name, own] of [
    ['DATA_ROOT', root],
    ['EXPORT_ROOT', exportRoot],
  ] as const) {
    const place = await realPathOf(own)
    if (real === place || real.startsWith(`${place}${sep}`))
      throw new BackupFault(`the backup folder ${folder} lies inside ${name} ${own}: give a folder on another disk`)
    if (place.startsWith(`${real}${sep}`))
      throw new BackupFault(
        `the backup folder ${folder} holds ${name} ${own}: give a folder of its own, on another disk`,
      )
  }
}

/** Null for a folder that holds no backup. */
async function ownerOf(folder: string): Promise<string | null> {
  const text = await readFile(identityPath(folder), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  if (text === null) return null
  const parsed = Identity.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data.node
  throw new BackupFault(`${identityPath(folder)} is not that of a backup this program knows: give another folder`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

/** A folder with other things in it is a typing error. */
async function refuseFilled(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  })
  const other = names.find((name) => !name.startsWith('.') && !OURS.has(name))
  if (other === undefined) return
  throw new BackupFault(`the backup folder ${folder} holds other things, such as ${other}: give an empty folder`)
}

/** The identity comes last: what a killed process left is made ready again. */
async function prepare(folder: string, node: string, now: number): Promise<void> {
  const parents = new Set<string>()
  await makeFolder(realDisk, snapshotFolder(folder), parents)
  await syncFolders(realDisk, parents, 1)
  await makeBlobFolders(folder)
  await writeFileAtomic(join(folder, 'README.md'), Buffer.from(TARGET_README))
  const identity: z.infer<typeof Identity> = { format: 1, node, begun_at: new Date(now).toISOString() }
  await writeFileAtomic(identityPath(folder), Buffer.from(`${JSON.stringify(identity)}\n`))
}

const isSameDisk = async (one: string, other: string): Promise<boolean> =>
  (await stat(one)).dev === (await stat(other)).dev

async function fileId(path: string): Promise<string | null> {
  try {
    const { dev, ino } = await stat(path)
    return `${dev}:${ino}`
  } catch {
    return null
  }
}

/** The path without links, as far as it exists. */
async function realPathOf(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch {
    return dirname(path) === path ? path : join(await realPathOf(dirname(path)), basename(path))
  }
}
