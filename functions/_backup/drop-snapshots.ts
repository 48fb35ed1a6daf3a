/** Drops snapshots that are old, and the contents that no snapshot needs any more. Killed anywhere, the next time does the rest. */
import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../_lake/disk.ts'
import { type KeepRule, keptDays } from '../_retention/kept-days.ts'
import { targetFault } from './backup-fault.ts'
import { blobFolder, readBlob } from './blobs.ts'
import { unpackListing } from './listing.ts'
import { dayOfSnapshot, readSnapshot, snapshotFolder, snapshotNames } from './snapshot.ts'

/** A content that is not needed stays so long: a clock may be wrong, and a person may have been at it. */
const GRACE_MS = 24 * 60 * 60_000

/** Removes the snapshots that the rule does not keep; of a day the newest stays. Returns how many. */
export async function dropSnapshots(target: string, rule: KeepRule): Promise<number> {
  const names = await snapshotNames(target)
  const newestOfDay = new Map(names.map((name) => [dayOfSnapshot(name), name]))
  const kept = keptDays(newestOfDay.keys(), rule)
  let dropped = 0
  for (const name of names) {
    const day = dayOfSnapshot(name)
    if (kept.has(day) && newestOfDay.get(day) === name) continue
    await rm(join(snapshotFolder(target), name), { force: true })
    dropped++
  }
  return dropped
}

/** The first eight bytes of each hash: two that agree in them keep one content too long, and none is lost. */
const keyOf = (sha256: string): bigint => BigInt(`0x${sha256.slice(0, 16)}`)

/**
 * Removes what no snapshot needs, a folder of contents a step; yields the bytes that are free by now. Throws BackupFault, and removes nothing, where a
 * snapshot or a listing cannot be read: what it needs is not known.
 */
export async function* dropUnneeded(target: string, now: number): AsyncGenerator<number> {
  const needed = await neededContents(target)
  let freed = 0
  for (let prefix = 0; prefix < 256; prefix++) {
    const folder = join(blobFolder(target), prefix.toString(16).padStart(2, '0'))
    for (const name of await readdir(folder).catch(inWords(target))) {
      if (/^[0-9a-f]{64}$/.test(name) && isAmong(needed, keyOf(name))) continue
      freed += await removeOld(join(folder, name), now)
    }
    yield freed
  }
}

/** Sorted. 24 MB for three million files. */
async function neededContents(target: string): Promise<BigUint64Array> {
  let keys = new BigUint64Array(1024)
  let count = 0
  const add = (sha256: string): void => {
    if (count === keys.length) {
      const larger = new BigUint64Array(keys.length * 2)
      larger.set(keys)
      keys = larger
    }
    keys[count++] = keyOf(sha256)
  }
  const listings = new Set<string>()
  for (const name of await snapshotNames(target)) {
    const { database, places } = await readSnapshot(target, name)
    if (database) add(database.sha256)
    for (const { listing } of places) listings.add(listing)
  }
  for (const listing of listings) {
    add(listing)
    for (const { sha256 } of await unpackListing(await readBlob(target, listing))) add(sha256)
  }
  return keys.slice(0, count).sort()
}

function isAmong(sorted: BigUint64Array, key: bigint): boolean {
  let [from, to] = [0, sorted.length]
  while (from < to) {
    const middle = (from + to) >>> 1
    if ((sorted[middle] as bigint) < key) from = middle + 1
    else to = middle
  }
  return sorted[from] === key
}

/** Returns the bytes that are free by it. */
async function removeOld(path: string, now: number): Promise<number> {
  try {
    const { size, ctimeMs } = await stat(path)
    if (ctimeMs > now - GRACE_MS) return 0
    await rm(path)
    return size
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0
    throw error
  }
}

const inWords =
  (target: string) =>
  (error: unknown): never => {
    throw targetFault(target, error)
  }
