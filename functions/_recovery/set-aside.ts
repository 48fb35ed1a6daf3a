/** A raw file that cannot be read is put out of sight, and the cells it held become gaps again. Kill it anywhere: the next look ends it. */
import { relative } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { invalidateCells } from '../../db/manifests/invalidate-cells.ts'
import { type StoredCellVersion, storedVersionsOfDay } from '../../db/manifests/stored-versions.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { setAside } from '../_lake/atomic.ts'
import { sha256OfFile } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { fileSizes, listRawFiles, placesOn } from '../_lake/list-raw-files.ts'
import { appendManifest, type SetAsideLine } from '../_lake/manifest.ts'
import { manifestFile, rawFileParts } from '../_lake/paths.ts'
import { unreadableOf } from '../_lake/query-raw.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { isInDayFile } from './day-file.ts'
import { invalidatedCell } from './replay-manifests.ts'

export interface SetAside {
  files: number
  cells: number
}

/** Looks at each file again before it does anything about it: what has healed meanwhile, or what is the machine's fault, stays where it is. */
export async function setAsideDamaged(context: NodeContext, paths: readonly string[]): Promise<SetAside> {
  const done: SetAside = { files: 0, cells: 0 }
  for (const path of paths) {
    const cells = await setOneAside(context, path)
    if (cells === null) continue
    done.files += 1
    done.cells += cells
  }
  return done
}

async function setOneAside(context: NodeContext, path: string): Promise<number | null> {
  const { lake, config, db } = context
  const place = rawFileParts(lake.root, path)
  const spec = place && config.datasets[place.dataset]
  if (!place || !spec) throw new Error(`expected a raw file of a configured dataset, got ${path}`)
  const { vendor, dataset, dt } = place
  // The same turn as the answers that are kept: nobody reads or replaces the file meanwhile.
  return withLock(`${lake.root} ${vendor} ${dataset}`, async () => {
    const why = await stateOf(context, spec, path)
    if (why === 'whole') return null
    const held = (await storedVersionsOfDay(db, dataset, dt)).filter((version) => version.vendor === vendor)
    const storedVersions = await heldBy(context, spec, { vendor, dataset, dt, symbol: place.symbol }, path, held)
    // It was compacted meanwhile, or is a copy that a killed compaction left.
    if (place.symbol !== null && (await isInDayFile(context, spec, place, storedVersions))) {
      if (why === 'damaged') await setAside(path)
      context.log('raw.set_aside', { path: relative(lake.root, path), why, cells: 0 })
      return 0
    }
    const lines = storedVersions.map((version) => asideLine(context, dataset, dt, version, why, path))
    // The lines first: a file that is out of sight with nothing to tell of it would be believed to be there for ever.
    await writeAside(context, vendor, dataset, lines)
    if (why === 'damaged') await setAside(path)
    await invalidateCells(
      db,
      vendor,
      dataset,
      lines.map((line) => invalidatedCell(spec, line)),
      context.now(),
    )
    context.log('raw.set_aside', { path: relative(lake.root, path), why, cells: lines.length })
    return lines.length
  })
}

/** Rejects when it is the disk that refuses: then nothing is known about the file. */
async function stateOf(
  context: NodeContext,
  spec: DatasetConfig,
  path: string,
): Promise<'whole' | SetAsideLine['why']> {
  try {
    await sha256OfFile(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'gone'
    throw error
  }
  return (await unreadableOf(context.lake, spec, [path])).length > 0 ? 'damaged' : 'whole'
}

/** The cells in the database that only this file can hold. */
export async function heldBy(
  { lake }: NodeContext,
  spec: DatasetConfig,
  place: { vendor: string; dataset: DatasetName; dt: Dt; symbol: string | null },
  path: string,
  storedVersions: readonly StoredCellVersion[],
): Promise<StoredCellVersion[]> {
  if (place.symbol !== null) return storedVersions.filter(({ symbol }) => symbol === place.symbol)
  const { vendor, dataset, dt } = place
  const days = await listRawFiles(lake.root, vendor, dataset, [dt])
  const placeOf = placesOn(lake.root, vendor, dataset, spec.raw_layout, dt, days)
  const others = storedVersions.map((version) => ({
    version,
    files: placeOf(version.symbol).files.filter((file) => file !== path),
  }))
  const there = await fileSizes(others.flatMap(({ files }) => files))
  return others.filter(({ files }) => !files.some((file) => there.has(file))).map(({ version }) => version)
}

/** Its instant is later than what it ends, whatever the clock did. */
export function asideLine(
  { lake, now }: NodeContext,
  dataset: DatasetName,
  dt: Dt,
  { symbol, vendor, at }: Pick<StoredCellVersion, 'symbol' | 'vendor' | 'at'>,
  why: SetAsideLine['why'],
  path: string,
): SetAsideLine {
  const instant = new Date(Math.max(now(), at + 1)).toISOString()
  return { dataset, symbol, dt, vendor, verdict: 'set_aside', why, path: relative(lake.root, path), at: instant }
}

/** Appends to the manifest of the present day. */
export async function writeAside(
  { lake, now }: NodeContext,
  vendor: string,
  dataset: DatasetName,
  lines: readonly SetAsideLine[],
): Promise<void> {
  await appendManifest(manifestFile(lake.root, vendor, dataset, new Date(now()).toISOString().slice(0, 10)), lines)
}
