/** Copies what is new or changed of one place, and lists all of it. */
import type { Stats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { codeOf, eachBounded } from '../_lake/disk.ts'
import { isExpected } from '../_lake/file-hashes.ts'
import { type Blobs, type Content, isWhole, putBytes, putFile, syncBlobs } from './blobs.ts'
import { type Entry, packListing } from './listing.ts'
import type { Place, SourceFile } from './places.ts'
import type { PlaceListing } from './snapshot.ts'

export interface Copied {
  listing: PlaceListing
  /** Contents the backup did not have, and their bytes. */
  newFiles: number
  newBytes: number
  /** Files that are not what the node wrote; where an earlier backup has the right content, that one stays. */
  damaged: string[]
  /** Contents that were gone or damaged in the backup, and were copied again. */
  repaired: number
}

export interface CopyTerms {
  blobs: Blobs
  /** What earlier backups hold of the place, by path. */
  known: ReadonlyMap<string, Entry>
  /** The recorded hashes of raw files, by file; those of no other file. The beginning of one is enough. */
  recorded(files: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** Whether a content in the backup is to be read again this time, to see that it is whole. */
  isRechecked(sha256: string): boolean
  /** Copies only these files, and takes the others as they are known. */
  only?: readonly SourceFile[]
  /** Bytes to copy of files that are appended to; others are copied whole. */
  lengths?: ReadonlyMap<string, number>
}

const AT_ONCE = 8
/** A file that changes each time it is looked at is taken as it was last. */
const MOST_TRIES = 5

/** A place is listed again where files of it were gone before they were copied: what took their place may not have been listed. */
const MOST_LISTINGS = 4

export async function copyPlace(place: Place, terms: CopyTerms): Promise<Copied> {
  const copied: Copied = { listing: NOTHING, newFiles: 0, newBytes: 0, damaged: [], repaired: 0 }
  let { known } = terms
  for (let listings = 1; ; listings++) {
    const sources = terms.only ?? (await place.files())
    const { entries, gone } = await copyFiles(sources, { ...terms, known }, copied)
    const others = terms.only ? othersThan(sources, terms.known) : []
    const all = [...others, ...entries]
    if (gone > 0 && terms.only === undefined && listings < MOST_LISTINGS) {
      known = new Map([...known, ...entries.map((entry) => [entry.path, entry] as const)])
      continue
    }
    const listing = await putBytes(terms.blobs, await packListing(all))
    await syncBlobs(terms.blobs)
    const bytes = all.reduce((sum, entry) => sum + entry.bytes, 0)
    copied.listing = { place: place.name, listing: listing.sha256, files: all.length, bytes }
    copied.damaged = [...new Set(copied.damaged)].sort()
    return copied
  }
}

const NOTHING: PlaceListing = { place: '', listing: '', files: 0, bytes: 0 }

function othersThan(sources: readonly SourceFile[], known: ReadonlyMap<string, Entry>): Entry[] {
  const looked = new Set(sources.map(({ path }) => path))
  return [...known.values()].filter(({ path }) => !looked.has(path))
}

async function copyFiles(
  sources: readonly SourceFile[],
  terms: CopyTerms,
  copied: Copied,
): Promise<{ entries: Entry[]; gone: number }> {
  const entries: Entry[] = []
  let gone = 0
  const recorded = await terms.recorded(sources.map(({ file }) => file))
  await eachBounded(sources, AT_ONCE, async (source) => {
    const one = await copyFile(source, terms, recorded.get(source.file))
    if (one === null) {
      gone++
      return
    }
    entries.push(one.entry)
    if (one.isDamaged) copied.damaged.push(source.path)
    if (one.isRepaired) copied.repaired++
    if (!one.isNew) return
    copied.newFiles++
    copied.newBytes += one.bytes
  })
  return { entries, gone }
}

interface CopiedFile {
  entry: Entry
  isNew: boolean
  bytes: number
  isDamaged: boolean
  isRepaired: boolean
}

/** Null for a file that is gone. */
async function copyFile(
  { path, file }: SourceFile,
  { blobs, known, recorded, lengths, isRechecked }: CopyTerms,
  hash: string | undefined,
): Promise<CopiedFile | null> {
  const before = known.get(path)
  const isRepaired = before !== undefined && isRechecked(before.sha256) && !(await isWhole(blobs.folder, before.sha256))
  for (let tries = 1; ; tries++) {
    const found = await statOf(file)
    if (found === null) return null
    const length = Math.min(found.size, lengths?.get(file) ?? found.size)
    if (before && !isRepaired && isSame(before, length, found) && isExpected(before.sha256, hash))
      return { entry: before, bytes: length, isNew: false, isDamaged: false, isRepaired }
    const content = await contentOf(blobs, file, length)
    if (content === null) return null
    const after = await statOf(file)
    // Written to meanwhile, or another file by now. One that is appended to is whole up to the length asked for.
    const isSteady =
      lengths?.has(file) || (after !== null && after.ino === found.ino && after.ctimeMs === found.ctimeMs)
    if (!isSteady && tries < MOST_TRIES) continue
    const entry = { path, bytes: content.bytes, changed: found.ctimeMs, sha256: content.sha256 }
    if (isExpected(content.sha256, hash)) return { ...content, entry, isDamaged: false, isRepaired }
    // The hash may have been recorded after it was looked up, or before the file was replaced.
    const now = (await recorded([file])).get(file)
    if (isExpected(content.sha256, now)) return { ...content, entry, isDamaged: false, isRepaired }
    if (now !== hash && tries < MOST_TRIES) {
      hash = now
      continue
    }
    // What is right never gives way to what is damaged.
    const isRightKnown = before !== undefined && !isRepaired && isExpected(before.sha256, now)
    return { ...content, entry: isRightKnown ? before : entry, isDamaged: true, isRepaired }
  }
}

const isSame = (entry: Entry, length: number, found: Stats): boolean =>
  entry.bytes === length && entry.changed === found.ctimeMs

async function contentOf(blobs: Blobs, file: string, length: number): Promise<Content | null> {
  try {
    return await putFile(blobs, file, length)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}

async function statOf(file: string): Promise<Stats | null> {
  try {
    return await stat(file)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  }
}
