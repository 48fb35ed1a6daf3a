/** Memory rebuilt from manifests, adopted lines and file names alone, whatever the database holds: after it is gone, and after it went astray. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { agreeCoverage, monthsToldOf } from '../../db/coverage/agree-coverage.ts'
import { daysOfAttempts } from '../../db/manifests/claims.ts'
import { inTurn } from '../_lake/in-turn.ts'
import { rawFolder, rawRoot } from '../_lake/paths.ts'
import { namesIn } from '../_lake/raw-days.ts'
import type { DatasetName } from '../_market/cell.ts'
import { dtsOfMask, isDt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { checkDay } from './check-day.ts'
import type { Keeper } from './keeper.ts'
import { mendManifests, noteCutManifests } from './mend-manifests.ts'
import { replayAdopted } from './replay-adopted.ts'
import { replayManifests } from './replay-manifests.ts'

export interface Rebuilt {
  /** Raw files on the disk. */
  files: number
  /** Cells of each vendor that the memory claims and whose file is there. */
  cells: number
  /** Cells that were written down but not in the memory, or not in its coverage. */
  restored: number
  /** Cells that the memory had and that are no longer there: gaps from now on. */
  cleared: number
  /** Manifest lines that were lost or bad and were written again. */
  mended: number
  /** Files that no line tells of: `adopt` takes them. The first fifty. */
  unclaimed: string[]
  unclaimedFiles: number
}

const SHOWN = 50

/**
 * First what is written down, then what is on the disk, then the masks. Bounded in memory: a chunk of lines, a day, a month at a time. Killed
 * anywhere it is simply begun anew; run twice, it changes nothing the second time.
 */
export async function rebuild(keeper: Keeper): Promise<Rebuilt> {
  return inTurn(`${keeper.lake.root} rebuild`, async () => {
    const rebuilt: Rebuilt = {
      files: 0,
      cells: 0,
      restored: 0,
      cleared: 0,
      mended: 0,
      unclaimed: [],
      unclaimedFiles: 0,
    }
    await noteCutManifests(keeper)
    await replayAll(keeper, rebuilt)
    const mended = await mendManifests(keeper)
    rebuilt.mended = mended.lines
    rebuilt.cleared += mended.lost
    if (mended.lines > 0) await replayAll(keeper, rebuilt)
    for (const [name, spec] of Object.entries(keeper.config.datasets)) {
      const of = { dataset: name as DatasetName, spec }
      await checkFiles(keeper, of, rebuilt)
      await checkMasks(keeper, of, rebuilt)
    }
    keeper.log('audit.rebuilt', { ...rebuilt })
    return rebuilt
  })
}

async function replayAll(keeper: Keeper, rebuilt: Rebuilt): Promise<void> {
  const fromTheBeginning = (): number => 0
  const { restored, lost } = await replayManifests(keeper, fromTheBeginning)
  rebuilt.restored += restored + (await replayAdopted(keeper, fromTheBeginning))
  rebuilt.cleared += lost
}

interface Of {
  dataset: DatasetName
  spec: DatasetConfig
}

async function checkFiles(keeper: Keeper, of: Of, rebuilt: Rebuilt): Promise<void> {
  const { root } = keeper.lake
  const folders = (await namesIn(rawRoot(root))).filter((name) => Object.hasOwn(keeper.config.vendors, name))
  const vendors = new Map<string, string[]>()
  for (const dt of await daysOfAttempts(keeper.db, of.dataset)) vendors.set(dt, [])
  for (const vendor of folders) {
    for (const name of await namesIn(rawFolder(root, vendor, of.dataset))) {
      const dt = name.slice('date='.length)
      if (name.startsWith('date=') && isDt(dt)) vendors.set(dt, [...(vendors.get(dt) ?? []), vendor])
    }
  }
  for (const dt of [...vendors.keys()].sort()) {
    const day = await checkDay(keeper, of, dt, vendors.get(dt) ?? [])
    rebuilt.files += day.paths.length
    rebuilt.cells += day.cells
    rebuilt.cleared += day.lost
    rebuilt.unclaimedFiles += day.unclaimed.length
    rebuilt.unclaimed.push(...day.unclaimed.slice(0, SHOWN - rebuilt.unclaimed.length))
    await nextTurn()
  }
}

async function checkMasks(keeper: Keeper, { dataset, spec }: Of, rebuilt: Rebuilt): Promise<void> {
  const partitionsOf = (month: string, mask: number): string[] =>
    dtsOfMask(month, mask).map((dt) => partitionOf(spec.partition, dt))
  for (const told of await monthsToldOf(keeper.db, dataset)) {
    const agreed = await agreeCoverage(keeper.db, dataset, told, partitionsOf, keeper.now())
    rebuilt.restored += agreed.set
    rebuilt.cleared += agreed.cleared
    await nextTurn()
  }
}
