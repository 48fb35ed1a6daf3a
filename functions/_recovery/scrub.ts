/** A look at some raw files each night, so that what was lost or damaged is found though nobody curates it: its cells become gaps. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { daysOfAttempts } from '../../db/manifests/stored-versions.ts'
import { recordUnaccepted } from '../../db/unaccepted-files/unaccepted-files.ts'
import type { NodeContext } from '../_catalog/context.ts'
import type { CanBeServed } from '../_catalog/servable.ts'
import { codeOf, namesIn } from '../_lake/disk.ts'
import { fileSizes } from '../_lake/list-raw-files.ts'
import { rawFolder, rawRoot } from '../_lake/paths.ts'
import { unreadableOf } from '../_lake/query-raw.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, dayNumber, isDt } from '../_market/dt.ts'
import { checkDay } from './check-day.ts'
import { checkHashes } from './recorded-hashes.ts'
import { repairFiles } from './repair-files.ts'
import { setAsideDamaged } from './set-aside.ts'

export interface Scrubbed {
  /** Files read to the end, and their bytes. */
  files: number
  bytes: number
  /** Files whose turn it was, and their bytes: more than were read where the budget does not allow it. */
  dueFiles: number
  dueBytes: number
  /** Cells whose file was gone or damaged. */
  lost: number
}

export interface ScrubTerms {
  dataset: DatasetName
  spec: DatasetConfig
  /** Bytes that may be read in one night; null where all files of the night are. */
  bytesPerNight: number | null
  canBeServed: CanBeServed
}

/** Every day has its turn once in so many nights, with all of its files: a fortieth of the tree a night. No multiple of the week. */
export const NIGHTS = 40
/** Files hashed together, and those nobody has hashed yet that are read row by row in one night. */
const FILES_AT_ONCE = 1_000
const UNVERIFIED = 400

/**
 * Which days have their turn follows from the night (a count of days) alone, so nothing is remembered, and a night played twice looks at the same. All
 * files of such a day must be there, and all are hashed; a budget that is too small for them reads others in the next round. A disk that refuses is
 * logged and stops nothing else.
 */
export async function scrub(context: NodeContext, terms: ScrubTerms, night: number): Promise<Scrubbed> {
  const { dataset, spec, bytesPerNight, canBeServed } = terms
  const scrubbed: Scrubbed = { files: 0, bytes: 0, dueFiles: 0, dueBytes: 0, lost: 0 }
  try {
    const paths: string[] = []
    for (const [dt, vendors] of await daysOfNight(context, dataset, night)) {
      const day = await checkDay(context, { dataset, spec }, dt, vendors)
      scrubbed.lost += day.lost
      paths.push(...day.paths)
      if (day.unclaimed.length > 0 || day.cells === 0) {
        await recordUnaccepted(
          context.db,
          dataset,
          { fromDt: dt, toDt: dt },
          [{ dt, paths: day.unclaimed }],
          context.now(),
        )
      }
      await yieldToEventLoop()
    }
    const sizes = await fileSizes(paths)
    scrubbed.dueFiles = sizes.size
    for (const size of sizes.values()) scrubbed.dueBytes += size
    const chosen = withinBudget([...sizes], bytesPerNight, Math.floor(night / NIGHTS))
    let unverifiedLeft = UNVERIFIED
    for (let at = 0; at < chosen.length; at += FILES_AT_ONCE) {
      const { damaged, unverified, ...read } = await checkHashes(context, dataset, chosen.slice(at, at + FILES_AT_ONCE))
      scrubbed.files += read.files
      scrubbed.bytes += read.bytes
      const first = unverified.slice(0, unverifiedLeft)
      unverifiedLeft -= first.length
      scrubbed.lost += await settled(context, spec, damaged, first, canBeServed)
      await yieldToEventLoop()
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    context.log('audit.scrub_refused', { dataset, code })
  }
  return scrubbed
}

/** Damaged files are repaired. Of files that nobody has hashed yet, only the rows can tell whether they are whole: from then on their hash does. */
async function settled(
  context: NodeContext,
  spec: DatasetConfig,
  damaged: readonly string[],
  unverified: readonly string[],
  canBeServed: CanBeServed,
): Promise<number> {
  const { cells } = await setAsideDamaged(context, await unreadableOf(context.lake, spec, unverified))
  const { lost } = await repairFiles(context, [...damaged, ...unverified], canBeServed)
  return cells + lost
}

/** The days whose turn it is: those the database knows of, and those that lie on the disk, with their vendors. */
async function daysOfNight({ db, lake }: NodeContext, dataset: DatasetName, night: number): Promise<Map<Dt, string[]>> {
  const isDue = (dt: Dt): boolean => (night - dayNumber(dt)) % NIGHTS === 0
  const days = new Map<Dt, string[]>()
  for (const dt of await daysOfAttempts(db, dataset)) if (isDue(dt)) days.set(dt, [])
  for (const vendor of await namesIn(rawRoot(lake.root))) {
    if (!/^[a-z][a-z0-9_]*$/.test(vendor)) continue
    for (const name of await namesIn(rawFolder(lake.root, vendor, dataset))) {
      const dt = name.slice('date='.length)
      if (name.startsWith('date=') && isDt(dt) && isDue(dt)) days.set(dt, [...(days.get(dt) ?? []), vendor])
    }
  }
  return new Map([...days].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Not more than the budget, at least one, others in each round. */
function withinBudget(files: readonly (readonly [string, number])[], budget: number | null, round: number): string[] {
  const sum = files.reduce((bytes, [, size]) => bytes + size, 0)
  if (budget === null || sum <= budget) return files.map(([path]) => path)
  const rounds = Math.ceil(sum / budget)
  const first = Math.floor((files.length * (round % rounds)) / rounds)
  const chosen: string[] = []
  let left = budget
  for (const [path, size] of [...files.slice(first), ...files.slice(0, first)]) {
    if (size > left && chosen.length > 0) break
    chosen.push(path)
    left -= size
  }
  return chosen
}
