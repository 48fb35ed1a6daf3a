/** The snapshots of a backup: `snapshots/<instant>-<check>.json`, written last. The name ends with the beginning of the content's sha256. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { z } from 'zod'
import { writeFileAtomic } from '../_lake/atomic.ts'
import { sha256 as sha256Of } from '../_lake/digest.ts'
import { namesIn } from '../_lake/disk.ts'
import { BackupFault, targetFault } from './backup-fault.ts'

const Sha256 = z.string().regex(/^[0-9a-f]{64}$/)

export const PlaceListing = z.object({
  place: z.string(),
  /** The content that lists its files. */
  listing: Sha256,
  files: z.int().min(0),
  bytes: z.int().min(0),
})
export type PlaceListing = z.infer<typeof PlaceListing>

const Snapshot = z.object({
  format: z.literal(1),
  /** The identity of the data volume it is of. */
  node: z.string(),
  version: z.string(),
  begunAt: z.iso.datetime(),
  endedAt: z.iso.datetime(),
  /** Null where the node's database is on a server, or could not be read. */
  database: z.object({ sha256: Sha256, bytes: z.int() }).nullable(),
  /** The newest bundle, which is not copied: made again with this instant, the next one can say what changed since. */
  bundle: z.object({ asof: z.string(), generated_at: z.iso.datetime() }).nullable(),
  places: z.array(PlaceListing),
  files: z.int(),
  bytes: z.int(),
})
export type Snapshot = z.infer<typeof Snapshot>

const NAME = /^(\d{4}-\d{2}-\d{2})T\d{6}Z-([0-9a-f]{16})\.json$/

export const snapshotFolder = (target: string): string => join(target, 'snapshots')

/** Of finished backups, the oldest first. */
export async function snapshotNames(target: string): Promise<string[]> {
  return (await namesIn(snapshotFolder(target))).filter((name) => NAME.test(name)).sort()
}

const instantOf = (name: string): number => Date.parse(name.slice(0, 18).replace(/T(\d\d)(\d\d)(\d\d)Z/, 'T$1:$2:$3Z'))

/** The day (UTC) on which it was begun. */
export const dayOfSnapshot = (name: string): string => NAME.exec(name)?.[1] ?? ''

/** Returns its name, which sorts behind all others, whatever the clock did. Durable when the promise resolves. */
export async function writeSnapshot(target: string, snapshot: Snapshot): Promise<string> {
  const text = `${JSON.stringify(snapshot, null, 1)}\n`
  const newest = (await snapshotNames(target)).at(-1)
  const instant = Math.max(Date.parse(snapshot.begunAt), newest === undefined ? 0 : instantOf(newest) + 1_000)
  const stamp = new Date(instant)
    .toISOString()
    .replace(/\.\d+Z$/, 'Z')
    .replaceAll(':', '')
  const name = `${stamp}-${sha256Of(text).slice(0, 16)}.json`
  await writeFileAtomic(join(snapshotFolder(target), name), Buffer.from(text)).catch((error: unknown) => {
    throw targetFault(target, error)
  })
  return name
}

/** Throws BackupFault for one that is damaged. */
export async function readSnapshot(target: string, name: string): Promise<Snapshot> {
  const text = await readFile(join(snapshotFolder(target), name), 'utf8').catch((error: unknown) => {
    throw targetFault(target, error)
  })
  if (sha256Of(text).slice(0, 16) !== NAME.exec(name)?.[2])
    throw new BackupFault(`the snapshot ${join(snapshotFolder(target), name)} is damaged: use an earlier one`)
  const parsed = Snapshot.safeParse(JSON.parse(text))
  if (parsed.success) return parsed.data
  throw new BackupFault(
    `the snapshot ${name} is of a version of this program that this one does not know: use that one`,
  )
}

/** The newest one that can be read; null where there is none. */
export async function newestSnapshot(target: string): Promise<{ name: string; snapshot: Snapshot } | null> {
  for (const name of (await snapshotNames(target)).reverse()) {
    try {
      return { name, snapshot: await readSnapshot(target, name) }
    } catch (error) {
      if (!(error instanceof BackupFault)) throw error
    }
  }
  return null
}
