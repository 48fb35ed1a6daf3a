/**
 * Brings a snapshot of a backup to an empty data root, each file checked against its sha256 as it is copied. Cut off, it goes on where it was. The
 * identity of the volume comes last, and a start refuses the root until all of it is there.
 */
import { createHash } from 'node:crypto'
import { type FileHandle, mkdir, open, readdir, readFile, rm, stat, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { removeDurable, writeFileAtomic } from '../_lake/atomic.ts'
import { codeOf, eachBounded, makeFolder, realDisk } from '../_lake/disk.ts'
import { hashFile } from '../_lake/file-hashes.ts'
import { stateFile } from '../_lake/paths.ts'
import { tempBeside } from '../_lake/temp-names.ts'
import { BackupFault } from './backup-fault.ts'
import { blobPath, readBlob } from './blobs.ts'
import { type Entry, unpackListing } from './listing.ts'
import { restoredMark, unfinishedRestore } from './restore-marks.ts'
import { newestSnapshot, readSnapshot, type Snapshot, snapshotNames } from './snapshot.ts'
import { type StagedFiles, settleStaged, stage, stagedFiles } from './staged-files.ts'
import { identityPath } from './target.ts'

export interface RestoreTerms {
  from: string
  root: string
  /** The name of a snapshot, or the beginning of one; absent: the newest, or the one whose restore was cut off. */
  snapshot?: string
  now(): number
}

export interface RestoreProgress {
  files: number
  bytes: number
  ofFiles: number
  ofBytes: number
}

export interface Restored {
  snapshot: string
  takenAt: string
  files: number
  bytes: number
  /** Files that were there already, from a restore that was cut off. */
  kept: number
  /** Files whose content in the backup is gone or damaged: the node asks for them again where a vendor can serve them. */
  lost: string[]
  hasDatabase: boolean
  bundle: Snapshot['bundle']
}

const AT_ONCE = 8
const PIECE_BYTES = 1024 * 1024
/** What a disk has of its own, and what a lock of this program leaves. */
const isData = (name: string): boolean => name !== 'lost+found' && !name.startsWith('.node.')
/** Files of the configuration are put here: the ones in use are not overwritten. */
export const CONFIG_FOLDER = 'restored-config'

export async function* restore(terms: RestoreTerms): AsyncGenerator<RestoreProgress, Restored> {
  const { from, root } = terms
  const unfinished = await beginRestore(terms)
  const { name, snapshot } = await chosenSnapshot(terms, unfinished)
  if (unfinished === null) await refuseFilled(root)
  await refuseSmall(root, unfinished === null ? snapshot.bytes : 0)
  await writeFileAtomic(unfinishedRestore(root), Buffer.from(`${JSON.stringify({ from, snapshot: name })}\n`))
  const done: Restored = {
    snapshot: name,
    takenAt: snapshot.begunAt,
    files: 0,
    bytes: 0,
    kept: 0,
    lost: [],
    hasDatabase: snapshot.database !== null,
    bundle: snapshot.bundle,
  }
  const progress = (): RestoreProgress => {
    const { files, bytes } = done
    return { files, bytes, ofFiles: snapshot.files, ofBytes: snapshot.bytes }
  }
  // The identity of the volume last.
  const places = snapshot.places.toSorted((a, b) => Number(a.place === 'root') - Number(b.place === 'root'))
  for (const place of places) {
    if (place.place === 'root') await restoreDatabase(terms, snapshot, done)
    await restoreFiles(terms, await unpackListing(await readBlob(from, place.listing)), done)
    yield progress()
  }
  await writeFileAtomic(restoredMark(root), Buffer.from(`${JSON.stringify({ from, snapshot: name })}\n`))
  await removeDurable(unfinishedRestore(root))
  return done
}

const Unfinished = z.object({ from: z.string(), snapshot: z.string() })

/** The restore that was cut off here; null where there is none. */
async function beginRestore({ from, root }: RestoreTerms): Promise<z.infer<typeof Unfinished> | null> {
  const isBackup = await stat(identityPath(from)).then(
    () => true,
    () => false,
  )
  if (!isBackup)
    throw new BackupFault(`${from} holds no backup of a data node: give the folder that has backup.json in it`)
  await makeFolder(realDisk, root, new Set())
  const text = await readFile(unfinishedRestore(root), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  return text === null ? null : Unfinished.parse(JSON.parse(text))
}

async function chosenSnapshot(
  { from, root, snapshot: wanted }: RestoreTerms,
  unfinished: { snapshot: string } | null,
): Promise<{ name: string; snapshot: Snapshot }> {
  const names = await snapshotNames(from)
  const begun = unfinished?.snapshot
  if (begun !== undefined && wanted !== undefined && !begun.startsWith(wanted)) {
    throw new BackupFault(
      `${root} holds an unfinished restore of ${begun}: leave --snapshot out to go on with it, or empty the folder`,
    )
  }
  const prefix = begun ?? wanted
  if (prefix === undefined) {
    const newest = await newestSnapshot(from)
    if (newest !== null) return newest
    throw new BackupFault(`the backup ${from} has no snapshot that can be read: no backup was finished there`)
  }
  const name = names.filter((one) => one.startsWith(prefix)).at(-1)
  if (name !== undefined) return { name, snapshot: await readSnapshot(from, name) }
  throw new BackupFault(`the backup ${from} has no snapshot ${prefix}: there are ${names.join(', ') || 'none'}`)
}

async function refuseFilled(root: string): Promise<void> {
  const other = (await readdir(root)).find(isData)
  if (other === undefined) return
  throw new BackupFault(
    `${root} is not empty (it holds ${other}): give an empty folder with --to, nothing is overwritten`,
  )
}

async function refuseSmall(root: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(root)
  if (bavail * bsize >= bytes) return
  throw new BackupFault(
    `the disk of ${root} has ${gigabytes(bavail * bsize)} free, and the backup needs ${gigabytes(bytes)}: use a larger disk`,
  )
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toFixed(2)} GB`

async function restoreDatabase({ from, root }: RestoreTerms, { database }: Snapshot, done: Restored): Promise<void> {
  if (database === null) return
  const staged = await stagedFiles(root)
  const how = await placeFile(from, database, stateFile(root), staged)
  await settleStaged(staged)
  count(done, how, { ...database, path: 'state/node.db' })
  done.hasDatabase = how !== 'lost'
}

async function restoreFiles({ from, root }: RestoreTerms, entries: readonly Entry[], done: Restored): Promise<void> {
  const staged = await stagedFiles(root)
  await eachBounded(entries, AT_ONCE, async (entry) => {
    const path = entry.path.startsWith('config/') ? join(CONFIG_FOLDER, entry.path.slice('config/'.length)) : entry.path
    count(done, await placeFile(from, entry, join(root, path), staged), entry)
  })
  await settleStaged(staged)
}

type Placed = 'copied' | 'kept' | 'lost'

function count(done: Restored, how: Placed, { path, bytes }: Pick<Entry, 'path' | 'bytes'>): void {
  if (how === 'lost') {
    done.lost.push(path)
    return
  }
  done.files++
  done.bytes += bytes
  if (how === 'kept') done.kept++
}

/** Temp name, write, hash; `settleStaged` does the rest. `lost`: the content in the backup is not what was written there. */
async function placeFile(
  from: string,
  { sha256, bytes }: Pick<Entry, 'sha256' | 'bytes'>,
  path: string,
  staged: StagedFiles,
): Promise<Placed> {
  if (await holds(path, sha256, bytes)) return 'kept'
  await mkdir(dirname(path), { recursive: true })
  const temp = tempBeside(path)
  try {
    const whole = createHash('sha256')
    const blob = await open(blobPath(from, sha256), 'r').catch(noneWhereGone)
    if (blob === null) return 'lost'
    const handle = await open(temp, 'wx')
    try {
      for await (const piece of piecesOf(blob)) {
        whole.update(piece)
        await handle.writeFile(piece)
      }
    } finally {
      await handle.close()
      await blob.close()
    }
    if (whole.digest('hex') === sha256) {
      await stage(staged, temp, path)
      return 'copied'
    }
    await rm(temp, { force: true })
    return 'lost'
  } catch (error) {
    await rm(temp, { force: true })
    throw error
  }
}

async function* piecesOf(handle: FileHandle): AsyncGenerator<Buffer> {
  const piece = Buffer.allocUnsafe(PIECE_BYTES)
  for (;;) {
    const { bytesRead } = await handle.read(piece, 0, piece.length)
    if (bytesRead === 0) return
    yield piece.subarray(0, bytesRead)
  }
}

async function holds(path: string, sha256: string, bytes: number): Promise<boolean> {
  try {
    if ((await stat(path)).size !== bytes) return false
    return (await hashFile(path)).hash === sha256
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
}

function noneWhereGone(error: unknown): null {
  if (codeOf(error) === 'ENOENT') return null
  throw error
}
