/** Rebuilds the database from manifests, adopted lines and file names alone, after it was lost or when it is wrong. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { evidenceMonths, rebuildCoverage } from '../../db/coverage/rebuild-coverage.ts'
import { daysOfAttempts } from '../../db/manifests/stored-versions.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { namesIn } from '../_lake/disk.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { rawFolder, rawRoot } from '../_lake/paths.ts'
import type { DatasetName } from '../_market/cell.ts'
import { dtsOfMask, isDt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { checkDay } from './check-day.ts'
import { noteCutManifests, repairManifests } from './repair-manifests.ts'
import { replayAdopted } from './replay-adopted.ts'
import { replayManifests } from './replay-manifests.ts'

export interface Rebuilt {
  /** Raw files on the disk. */
  files: number
  /** Cells of each vendor that the database claims and whose file is there. */
  cells: number
  /** Cells with a manifest line that the database, or its coverage, lacked. */
  restored: number
  /** Cells that the database had and whose file is gone: gaps from now on. */
  cleared: number
  /** Manifest lines that were lost or bad and were written again. */
  repaired: number
  /** Files that no line tells of: `adopt` takes them. The first fifty. */
  unclaimed: string[]
  unclaimedFiles: number
}

const SHOWN = 50

/**
 * First what is written down, then what is on the disk, then the masks. Bounded in memory: a chunk of lines, a day, a month at a time. Killed
 * anywhere it is simply begun anew; run twice, it changes nothing the second time.
 */
export async function rebuild(context: NodeContext): Promise<Rebuilt> {
  return withLock(`${context.lake.root} rebuild`, async () => {
    const rebuilt: Rebuilt = {
      files: 0,
      cells: 0,
      restored: 0,
      cleared: 0,
      repaired: 0,
      unclaimed: [],
      unclaimedFiles: 0,
    }
    await noteCutManifests(context)
    await replayAll(context, rebuilt)
    const repaired = await repairManifests(context)
    rebuilt.repaired = repaired.lines
    rebuilt.cleared += repaired.lost
    if (repaired.lines > 0) await replayAll(context, rebuilt)
    for (const [name, spec] of Object.entries(context.config.datasets)) {
      const of = { dataset: name as DatasetName, spec }
      await checkFiles(context, of, rebuilt)
      await checkMasks(context, of, rebuilt)
    }
    context.log('audit.rebuilt', { ...rebuilt })
    return rebuilt
  })
}

async function replayAll(context: NodeContext, rebuilt: Rebuilt): Promise<void> {
  const fromTheBeginning = (): number => 0
  const { restored, lost } = await replayManifests(context, fromTheBeginning)
  rebuilt.restored += restored + (await replayAdopted(context, fromTheBeginning))
  rebuilt.cleared += lost
}

interface Of {
  dataset: DatasetName
  spec: DatasetConfig
}

async function checkFiles(context: NodeContext, of: Of, rebuilt: Rebuilt): Promise<void> {
  const { root } = context.lake
  const folders = (await namesIn(rawRoot(root))).filter((name) => Object.hasOwn(context.config.vendors, name))
  const vendors = new Map<string, string[]>()
  for (const dt of await daysOfAttempts(context.db, of.dataset)) vendors.set(dt, [])
  for (const vendor of folders) {
    for (const name of await namesIn(rawFolder(root, vendor, of.dataset))) {
      const dt = name.slice('date='.length)
      if (name.startsWith('date=') && isDt(dt)) vendors.set(dt, [...(vendors.get(dt) ?? []), vendor])
    }
  }
  for (const dt of [...vendors.keys()].sort()) {
    const day = await checkDay(context, of, dt, vendors.get(dt) ?? [])
    rebuilt.files += day.paths.length
    rebuilt.cells += day.cells
    rebuilt.cleared += day.lost
    rebuilt.unclaimedFiles += day.unclaimed.length
    rebuilt.unclaimed.push(...day.unclaimed.slice(0, SHOWN - rebuilt.unclaimed.length))
    await yieldToEventLoop()
  }
}

async function checkMasks(context: NodeContext, { dataset, spec }: Of, rebuilt: Rebuilt): Promise<void> {
  const partitionsOf = (month: string, mask: number): string[] =>
    dtsOfMask(month, mask).map((dt) => partitionOf(spec.partition, dt))
  for (const told of await evidenceMonths(context.db, dataset)) {
    const agreed = await rebuildCoverage(context.db, dataset, told, partitionsOf, context.now())
    rebuilt.restored += agreed.set
    rebuilt.cleared += agreed.cleared
    await yieldToEventLoop()
  }
}
