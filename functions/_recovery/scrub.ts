/** A look at some raw files each night, so that what was lost or damaged is found though nobody curates it: its cells become gaps. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { daysOfAttempts } from '../../db/manifests/claims.ts'
import { codeOf } from '../_lake/disk.ts'
import type { RawLayout } from '../_lake/paths.ts'
import { unreadableOf } from '../_lake/raw-read.ts'
import type { DatasetName } from '../_market/cell.ts'
import { dayNumber } from '../_market/dt.ts'
import { checkDay } from './check-day.ts'
import type { Keeper } from './keeper.ts'
import { setAsideDamaged } from './set-aside.ts'

export interface Scrubbed {
  /** Files read to the end. */
  files: number
  /** Cells whose file was gone or could not be read. */
  lost: number
}

/** A day's turn comes once in so many nights: a day of shared files costs one file, one of own files thousands. No multiples of the week. */
const NIGHTS: Record<RawLayout, number> = { date: 40, 'date-symbol': 400, 'date-underlier': 400 }
/** Files of a dataset read in one night, and in one query. */
const FILES = 400
const FILES_PER_QUERY = 50

/**
 * Which days have their turn follows from the night (a count of days) alone, so nothing is remembered, and a night played twice looks at the same. All
 * files of such a day must be there; so many of them are read, others in the next round. A disk that refuses is logged and stops nothing else.
 */
export async function scrub(
  keeper: Keeper,
  of: { dataset: DatasetName; spec: DatasetConfig },
  night: number,
): Promise<Scrubbed> {
  const { dataset, spec } = of
  const period = NIGHTS[spec.raw_layout]
  const scrubbed: Scrubbed = { files: 0, lost: 0 }
  try {
    const paths: string[] = []
    for (const dt of await daysOfAttempts(keeper.db, dataset)) {
      if ((night - dayNumber(dt)) % period !== 0) continue
      const day = await checkDay(keeper, of, dt, [])
      scrubbed.lost += day.lost
      paths.push(...day.paths)
      await nextTurn()
    }
    const chosen = inTurns(paths, Math.floor(night / period))
    for (let at = 0; at < chosen.length; at += FILES_PER_QUERY) {
      const part = chosen.slice(at, at + FILES_PER_QUERY)
      const { cells } = await setAsideDamaged(keeper, await unreadableOf(keeper.lake, spec, part))
      scrubbed.files += part.length
      scrubbed.lost += cells
      await nextTurn()
    }
  } catch (error) {
    const code = codeOf(error)
    if (code === undefined) throw error
    keeper.log('audit.scrub_refused', { dataset, code })
  }
  return scrubbed
}

/** Not more than `FILES` of them, the next ones in each round. */
function inTurns(paths: readonly string[], round: number): string[] {
  if (paths.length <= FILES) return [...paths]
  const first = (round * FILES) % paths.length
  return [...paths.slice(first), ...paths.slice(0, first)].slice(0, FILES)
}
