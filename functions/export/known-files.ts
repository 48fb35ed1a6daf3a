/** Which curated files were hashed for an earlier bundle and have not been written since: these are neither hashed nor opened again, but for the fortieth whose turn it is. */
import type { BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { sha256 } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { bundleFolder } from '../_lake/paths.ts'
import { type Dt, dayNumber } from '../_market/dt.ts'
import { bundleDays, readManifest } from './manifest.ts'
import type { KnownFiles } from './stage-vouched.ts'

/** Bundles of as many sessions hash every file once: bit rot changes neither the size nor the time of a file. */
export const SESSIONS_FOR_ALL = 40

/** Looks in the bundle of the day, or else in the newest before it. */
export async function knownFiles(exportRoot: string, asof: Dt): Promise<KnownFiles> {
  const day = (await bundleDays(exportRoot)).findLast((dt) => dt <= asof)
  const manifest = day === undefined ? null : await readManifest(exportRoot, day)
  if (day === undefined || manifest === null) return async () => undefined
  const folder = bundleFolder(exportRoot, day)
  const listed = new Map(manifest.files.map((file) => [file.path, file]))
  return async (path, staged, recorded) => {
    const file = listed.get(path)
    if (file?.sha256 !== recorded || file.rows === undefined || isTurn(path, asof)) return undefined
    const earlier = join(folder, path)
    const [now, then, place] = await Promise.all([
      statIfThere(staged),
      statIfThere(earlier),
      statIfThere(dirname(earlier)),
    ])
    if (now === null || then === null || place === null) return undefined
    const isSame = now.dev === then.dev && now.ino === then.ino
    // The folder got its link before the file was hashed: a file written later than that is not what was hashed.
    return isSame && now.mtimeNs < place.mtimeNs ? { rows: file.rows, bytes: Number(now.size) } : undefined
  }
}

/** Whether the file is hashed in the bundle of this day, whatever is known of it. Follows from path and day alone. */
export function isTurn(path: string, asof: Dt): boolean {
  const place = Number.parseInt(sha256(path).slice(0, 8), 16) % SESSIONS_FOR_ALL
  return place === weekdayNumber(asof) % SESSIONS_FOR_ALL
}

/** Counts Mondays to Fridays, so that no file's turn falls on a weekend. Day 0 was a Thursday. */
function weekdayNumber(dt: Dt): number {
  const sinceMonday = dayNumber(dt) + 3
  return 5 * Math.floor(sinceMonday / 7) + Math.min(4, sinceMonday % 7)
}

async function statIfThere(path: string): Promise<BigIntStats | null> {
  try {
    return await stat(path, { bigint: true })
  } catch (error) {
    if (codeOf(error) === undefined) throw error
    return null
  }
}
