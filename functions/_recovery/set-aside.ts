/** A raw file that cannot be read is put out of sight, and the cells it held become gaps again. Kill it anywhere: the next look ends it. */
import { relative } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { type Claim, claimsOfDay } from '../../db/manifests/claims.ts'
import { loseCells } from '../../db/manifests/lose-cells.ts'
import { setAside } from '../_lake/atomic.ts'
import { sha256OfFile } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { inTurn } from '../_lake/in-turn.ts'
import { appendManifest, type SetAsideLine } from '../_lake/manifest.ts'
import { manifestFile, rawFileParts } from '../_lake/paths.ts'
import { fileSizes, placesOn, rawDays } from '../_lake/raw-days.ts'
import { unreadableOf } from '../_lake/raw-read.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Keeper } from './keeper.ts'
import { lostCell } from './replay-manifests.ts'

export interface SetAside {
  files: number
  cells: number
}

/** Looks at each file again before it does anything about it: what has healed meanwhile, or what is the machine's fault, stays where it is. */
export async function setAsideDamaged(keeper: Keeper, paths: readonly string[]): Promise<SetAside> {
  const done: SetAside = { files: 0, cells: 0 }
  for (const path of paths) {
    const cells = await setOneAside(keeper, path)
    if (cells === null) continue
    done.files += 1
    done.cells += cells
  }
  return done
}

async function setOneAside(keeper: Keeper, path: string): Promise<number | null> {
  const { lake, config, db } = keeper
  const place = rawFileParts(lake.root, path)
  const spec = place && config.datasets[place.dataset]
  if (!place || !spec) throw new Error(`expected a raw file of a configured dataset, got ${path}`)
  const { vendor, dataset, dt } = place
  // The same turn as the answers that are kept: nobody reads or replaces the file meanwhile.
  return inTurn(`${lake.root} ${vendor} ${dataset}`, async () => {
    const why = await stateOf(keeper, spec, path)
    if (why === 'whole') return null
    const held = (await claimsOfDay(db, dataset, dt)).filter((claim) => claim.vendor === vendor)
    const claims = await heldBy(keeper, spec, { vendor, dataset, dt, symbol: place.symbol }, path, held)
    const lines = claims.map((claim) => asideLine(keeper, dataset, dt, claim, why, path))
    // The lines first: a file that is out of sight with nothing to tell of it would be believed to be there for ever.
    await writeAside(keeper, vendor, dataset, lines)
    if (why === 'damaged') await setAside(path)
    await loseCells(
      db,
      vendor,
      dataset,
      lines.map((line) => lostCell(spec, line)),
      keeper.now(),
    )
    keeper.log('raw.set_aside', { path: relative(lake.root, path), why, cells: lines.length })
    return lines.length
  })
}

/** Rejects when it is the disk that refuses: then nothing is known about the file. */
async function stateOf(keeper: Keeper, spec: DatasetConfig, path: string): Promise<'whole' | SetAsideLine['why']> {
  try {
    await sha256OfFile(path)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 'gone'
    throw error
  }
  return (await unreadableOf(keeper.lake, spec, [path])).length > 0 ? 'damaged' : 'whole'
}

/** Of the cells that the memory knows, those that only this file can hold. */
export async function heldBy(
  { lake }: Keeper,
  spec: DatasetConfig,
  place: { vendor: string; dataset: DatasetName; dt: Dt; symbol: string | null },
  path: string,
  claims: readonly Claim[],
): Promise<Claim[]> {
  if (place.symbol !== null) return claims.filter(({ symbol }) => symbol === place.symbol)
  const { vendor, dataset, dt } = place
  const days = await rawDays(lake.root, vendor, dataset, [dt])
  const placeOf = placesOn(lake.root, vendor, dataset, spec.raw_layout, dt, days)
  const others = claims.map((claim) => ({
    claim,
    files: placeOf(claim.symbol).files.filter((file) => file !== path),
  }))
  const there = await fileSizes(others.flatMap(({ files }) => files))
  return others.filter(({ files }) => !files.some((file) => there.has(file))).map(({ claim }) => claim)
}

/** Its instant is later than what it ends, whatever the clock did. */
export function asideLine(
  { lake, now }: Keeper,
  dataset: DatasetName,
  dt: Dt,
  { symbol, vendor, at }: Pick<Claim, 'symbol' | 'vendor' | 'at'>,
  why: SetAsideLine['why'],
  path: string,
): SetAsideLine {
  const instant = new Date(Math.max(now(), at + 1)).toISOString()
  return { dataset, symbol, dt, vendor, verdict: 'set_aside', why, path: relative(lake.root, path), at: instant }
}

/** Appends to the manifest of the present day. */
export async function writeAside(
  { lake, now }: Keeper,
  vendor: string,
  dataset: DatasetName,
  lines: readonly SetAsideLine[],
): Promise<void> {
  await appendManifest(manifestFile(lake.root, vendor, dataset, new Date(now()).toISOString().slice(0, 10)), lines)
}
