/**
 * One backup, as steps that each take a moment. The order makes it whole: first the database, then raw files, then the manifests with what was written
 * meanwhile. So the manifests of a backup know all that its database knows, and its raw files are those that the manifests tell of; a start replays the
 * rest. The snapshot is written last: a backup that was cut off is none, and the next one goes on with what is copied.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Db } from '../../db/client.ts'
import { holdFileStill } from '../../db/hold-still.ts'
import { compressionLock } from '../_lake/compress-lines.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import type { Lake } from '../_lake/lake.ts'
import { latestLink, stateFile } from '../_lake/paths.ts'
import { readApart, stampOf } from '../_lake/read-apart.ts'
import type { KeepRule } from '../_retention/kept-days.ts'
import { BackupFault } from './backup-fault.ts'
import { dropBlobs, putPieces, readBlob } from './blobs.ts'
import { type Copied, type CopyTerms, copyPlace } from './copy-place.ts'
import { dropSnapshots, dropUnneeded } from './drop-snapshots.ts'
import { forgetRunning, knownEntries, noteCopied } from './known-entries.ts'
import { type LastBackup, readLastBackup, writeLastBackup } from './last-backup.ts'
import { type Entry, unpackListing } from './listing.ts'
import {
  configPlace,
  type Feed,
  feedsOf,
  ledgerPlace,
  manifestPlace,
  type Place,
  rawPlaces,
  rootPlace,
} from './places.ts'
import { recordedRaw } from './recorded-raw.ts'
import { newestSnapshot, type PlaceListing, writeSnapshot } from './snapshot.ts'
import { copyTail, type Lengths, manifestLengths } from './tail.ts'
import { openTarget, type Target } from './target.ts'

export interface BackupTerms {
  folder: string
  lake: Lake
  /** Null where the database cannot be opened: then its recorded hashes are not compared either, and it is not copied. */
  db: Db | null
  configFiles: readonly string[]
  keep: KeepRule
  acceptNew: boolean
  version: string
  missingMount(path: string): Promise<string | null>
  now(): number
  log(event: string, fields: Record<string, unknown>): void
}

export interface BackupDone extends LastBackup {
  /** Damaged files, the first few. */
  damaged: string[]
  /** Contents of earlier backups that were gone or damaged, and were copied again. */
  repaired: number
  droppedSnapshots: number
  freedBytes: number
}

export interface BackupProgress {
  place: string
  files: number
  bytes: number
  newFiles: number
  newBytes: number
}

const DAMAGED_SHOWN = 20
const DAY_MS = 86_400_000
/** In so many nights each content that is still needed is read again. */
const RECHECK_NIGHTS = 64

/** Throws BackupFault with one sentence where it cannot go on. */
export async function* backup(terms: BackupTerms): AsyncGenerator<BackupProgress, BackupDone> {
  const { folder, lake, now } = terms
  const node = await identityOf(lake.root)
  const before = await readLastBackup(lake.root)
  const target = await openTarget({
    folder,
    root: lake.root,
    exportRoot: lake.exportRoot,
    node,
    isExpected: before?.folder === folder,
    acceptNew: terms.acceptNew,
    missingMount: terms.missingMount,
    now,
  })
  try {
    const begunAt = new Date(now()).toISOString()
    const run = await openRun(terms, target)
    const database = await copyDatabase(terms, target)
    yield run.progress('database')
    yield* copyAll(run)
    await refuseOtherVolume(lake.root, node)
    await target.check()
    const places = [...run.listings.values()].sort((a, b) => (a.place < b.place ? -1 : 1))
    const files = places.reduce((sum, place) => sum + place.files, 0)
    const bytes = places.reduce((sum, place) => sum + place.bytes, database?.bytes ?? 0)
    const endedAt = new Date(now()).toISOString()
    const { version } = terms
    const snapshot = await writeSnapshot(folder, {
      format: 1,
      node,
      version,
      begunAt,
      endedAt,
      database,
      bundle: await newestBundle(lake.exportRoot),
      places,
      files,
      bytes,
    })
    await forgetRunning(folder)
    const { newFiles, newBytes, damaged } = run
    const last: LastBackup = {
      folder,
      snapshot,
      begunAt,
      endedAt,
      files,
      bytes,
      newFiles,
      newBytes,
      damagedFiles: damaged.size,
      databaseBytes: database?.bytes ?? null,
      warnings: target.warnings,
    }
    await writeLastBackup(lake.root, last)
    const droppedSnapshots = await dropSnapshots(folder, terms.keep)
    let freedBytes = 0
    for await (freedBytes of dropUnneeded(folder, now())) yield run.progress('contents that no snapshot needs')
    return {
      ...last,
      damaged: [...damaged].sort().slice(0, DAMAGED_SHOWN),
      repaired: run.repaired,
      droppedSnapshots,
      freedBytes,
    }
  } finally {
    await dropBlobs(target.blobs)
    target.release()
  }
}

interface Run {
  terms: BackupTerms
  target: Target
  /** What is copied, by place. */
  listings: Map<string, PlaceListing>
  damaged: Set<string>
  newFiles: number
  newBytes: number
  repaired: number
  known(place: string): Promise<Map<string, Entry>>
  progress(place: string): BackupProgress
}

async function openRun(terms: BackupTerms, target: Target): Promise<Run> {
  const known = await knownEntries(target.folder, (await newestSnapshot(target.folder))?.snapshot ?? null)
  const run: Run = {
    terms,
    target,
    listings: new Map(),
    damaged: new Set(),
    newFiles: 0,
    newBytes: 0,
    repaired: 0,
    known: known.of,
    progress(place) {
      const done = [...run.listings.values()]
      return {
        place,
        files: done.reduce((sum, one) => sum + one.files, 0),
        bytes: done.reduce((sum, one) => sum + one.bytes, 0),
        newFiles: run.newFiles,
        newBytes: run.newBytes,
      }
    },
  }
  return run
}

async function* copyAll(run: Run): AsyncGenerator<BackupProgress> {
  const { lake, configFiles } = run.terms
  const { root } = lake
  for (const place of [rootPlace(root), configPlace(configFiles), ledgerPlace(root)]) {
    await copyWhole(run, place)
    yield run.progress(place.name)
  }
  const feeds = await feedsOf(root)
  const before = new Map<string, Lengths>()
  for (const feed of feeds) {
    before.set(manifestPlace(root, feed).name, await manifestLengths(root, feed))
    for (const place of await rawPlaces(root, feed)) {
      await copyWhole(run, place)
      yield run.progress(place.name)
    }
  }
  for (const feed of feeds) {
    // A manifest that is compressed between the look at its length and its copy would be in the backup under neither name.
    yield await withLock(compressionLock(root), () => copyManifests(run, feed, before))
  }
}

async function copyManifests(run: Run, feed: Feed, before: ReadonlyMap<string, Lengths>): Promise<BackupProgress> {
  const { lake } = run.terms
  const manifests = manifestPlace(lake.root, feed)
  const lengths = await copyTail({
    lake,
    feed,
    before: before.get(manifests.name) as Lengths,
    copy: async (name, files) => {
      const listed = run.listings.get(name)
      const known = new Map(listed ? (await listedEntries(run, listed)).map((entry) => [entry.path, entry]) : [])
      await copy(run, { name, files: async () => files }, { known, only: files })
    },
  })
  const files = async () => (await manifests.files()).filter(({ file }) => lengths.has(file))
  await copyWhole(run, { name: manifests.name, files }, lengths)
  return run.progress(manifests.name)
}

const listedEntries = async ({ target }: Run, { listing }: PlaceListing): Promise<Entry[]> =>
  await unpackListing(await readBlob(target.folder, listing))

const copyWhole = async (run: Run, place: Place, lengths?: Lengths): Promise<void> =>
  copy(run, place, { known: await run.known(place.name), ...(lengths ? { lengths } : {}) })

async function copy(run: Run, place: Place, how: Pick<CopyTerms, 'known' | 'only' | 'lengths'>): Promise<void> {
  const { target, terms } = run
  await target.check()
  const recorded = (files: readonly string[]) => recordedRaw(terms.db, terms.lake.root, files)
  const night = Math.floor(terms.now() / DAY_MS) % RECHECK_NIGHTS
  const isRechecked = (sha256: string): boolean => Number.parseInt(sha256.slice(0, 2), 16) % RECHECK_NIGHTS === night
  const copied: Copied = await copyPlace(place, { blobs: target.blobs, recorded, isRechecked, ...how })
  run.listings.set(place.name, copied.listing)
  run.newFiles += copied.newFiles
  run.newBytes += copied.newBytes
  run.repaired += copied.repaired
  for (const path of copied.damaged) run.damaged.add(path)
  await noteCopied(target.folder, copied.listing)
}

/** By another process, while the file stays as it is: see db/hold-still.ts. */
async function copyDatabase(
  { db, lake }: BackupTerms,
  target: Target,
): Promise<{ sha256: string; bytes: number } | null> {
  if (db === null || !db.exclusive) return null
  const file = stateFile(lake.root)
  return await holdFileStill(db, async () => {
    const stamp = await stampOf(file)
    const { bytes: pieces, ended } = readApart(file)
    const { sha256, bytes } = await putPieces(target.blobs, pieces)
    await ended
    if ((await stampOf(file)) !== stamp)
      throw new BackupFault(`the database ${file} changed while it was copied: run the backup again`)
    return { sha256, bytes }
  })
}

/** Null where there is none. */
async function newestBundle(exportRoot: string): Promise<{ asof: string; generated_at: string } | null> {
  try {
    const { asof, generated_at } = JSON.parse(await readFile(join(latestLink(exportRoot), 'MANIFEST.json'), 'utf8'))
    return { asof: String(asof), generated_at: new Date(generated_at).toISOString() }
  } catch {
    return null
  }
}

async function identityOf(root: string): Promise<string> {
  const id = (await readFile(join(root, '.volume-id'), 'utf8').catch(() => '')).trim()
  if (id !== '') return id
  throw new BackupFault(`DATA_ROOT ${root} has no identity (.volume-id): start the node on it once, then back it up`)
}

/** A disk that was pulled out looks like one whose files were removed. */
async function refuseOtherVolume(root: string, node: string): Promise<void> {
  if ((await identityOf(root)) !== node)
    throw new BackupFault(`DATA_ROOT ${root} became another volume while it was copied: run the backup again`)
}
