/** What the backup holds already, by place: of the newest snapshot, and of a backup that was cut off before it could write one. */
import { appendFile, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf } from '../_lake/disk.ts'
import { BackupFault, targetFault } from './backup-fault.ts'
import { isWhole, readBlob } from './blobs.ts'
import { type Entry, unpackListing } from './listing.ts'
import { PlaceListing, type Snapshot } from './snapshot.ts'

/** A line per place that a backup under way has copied. Losing it costs reading files again. */
const runningFile = (target: string): string => join(target, 'running.jsonl')

export interface KnownEntries {
  /** By path. */
  of(place: string): Promise<Map<string, Entry>>
}

export async function knownEntries(target: string, newest: Snapshot | null): Promise<KnownEntries> {
  const listings = new Map<string, string[]>()
  for (const { place, listing } of [...(newest?.places ?? []), ...(await runningPlaces(target))])
    listings.set(place, [...(listings.get(place) ?? []), listing])
  return {
    async of(place) {
      const entries = new Map<string, Entry>()
      for (const listing of listings.get(place) ?? []) {
        for (const entry of await entriesOf(target, listing)) entries.set(entry.path, entry)
      }
      return entries
    },
  }
}

/** None for a listing that is damaged: its files are read again, and it is written again. */
async function entriesOf(target: string, listing: string): Promise<Entry[]> {
  try {
    return await unpackListing(await readBlob(target, listing))
  } catch (error) {
    if (error instanceof BackupFault && !(await isWhole(target, listing))) return []
    throw error
  }
}

export async function noteCopied(target: string, place: PlaceListing): Promise<void> {
  await appendFile(runningFile(target), `${JSON.stringify(place)}\n`).catch((error: unknown) => {
    throw targetFault(target, error)
  })
}

export async function forgetRunning(target: string): Promise<void> {
  await rm(runningFile(target), { force: true })
}

async function runningPlaces(target: string): Promise<PlaceListing[]> {
  const text = await readFile(runningFile(target), 'utf8').catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return ''
    throw targetFault(target, error)
  })
  // A torn line is one place that is read again.
  return text.split('\n').flatMap((line) => {
    try {
      return [PlaceListing.parse(JSON.parse(line))]
    } catch {
      return []
    }
  })
}
