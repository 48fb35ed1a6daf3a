/**
 * The end of a backup of one vendor's dataset: the manifests, and the raw files that were written since its raw files were copied. Afterwards the
 * backup's raw files and manifests are those of one moment, in which no answer was being kept.
 */
import { stat } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { withLock } from '../_lake/keyed-lock.ts'
import type { Lake } from '../_lake/lake.ts'
import { readManifests } from '../_lake/manifest.ts'
import { type Feed, manifestPlace, rawPlaceName, type SourceFile } from './places.ts'

/** Bytes of each manifest file, by its path. */
export type Lengths = Map<string, number>

export interface TailTerms {
  lake: Lake
  feed: Feed
  /** How long the manifests were before the raw files were copied. */
  before: Lengths
  /** Copies raw files of one place anew. */
  copy(place: string, files: SourceFile[]): Promise<void>
}

/** Whoever keeps answers waits while so few files are copied. */
const FEW_FILES = 64
/** A node that writes faster than the backup disk takes it is waited for in the end. */
const MOST_ROUNDS = 20

/** Returns how long the manifests are that go with the raw files in the backup. */
export async function copyTail({ lake, feed, before, copy }: TailTerms): Promise<Lengths> {
  let known = before
  for (let round = 1; round < MOST_ROUNDS; round++) {
    const now = await manifestLengths(lake.root, feed)
    const files = await writtenBetween(lake, known, now)
    if (files.size <= FEW_FILES) break
    await copyAll(lake.root, files, copy)
    known = now
  }
  // The turn of the answers that are kept: none is written, and none is in the making.
  return await withLock(`${lake.root} ${feed.vendor} ${feed.dataset}`, async () => {
    const now = await manifestLengths(lake.root, feed)
    await copyAll(lake.root, await writtenBetween(lake, known, now), copy)
    return now
  })
}

export async function manifestLengths(root: string, feed: Feed): Promise<Lengths> {
  const lengths: Lengths = new Map()
  for (const { file } of await manifestPlace(root, feed).files()) lengths.set(file, (await stat(file)).size)
  return lengths
}

/** The raw files that manifest lines beyond `from` tell of, relative to the root. */
async function writtenBetween(lake: Lake, from: Lengths, to: Lengths): Promise<Set<string>> {
  const files = new Set<string>()
  const after = (path: string): number => {
    const file = join(lake.root, path)
    const [was, is] = [from.get(file) ?? 0, to.get(file)]
    return is === undefined || is === was ? Number.POSITIVE_INFINITY : Math.min(was, is)
  }
  for await (const { lines } of readManifests(lake, after)) {
    for (const { path, vendor, dataset } of lines) {
      // A line is what was written down, not a path to be believed.
      if (normalize(path) === path && path.startsWith(`raw/${vendor}/${dataset}/`)) files.add(path)
    }
  }
  return files
}

async function copyAll(root: string, paths: Iterable<string>, copy: TailTerms['copy']): Promise<void> {
  const places = new Map<string, SourceFile[]>()
  for (const path of paths) {
    const file = join(root, path)
    const place = rawPlaceName(root, file)
    places.set(place, [...(places.get(place) ?? []), { path, file }])
  }
  for (const [place, files] of places) await copy(place, files)
}
