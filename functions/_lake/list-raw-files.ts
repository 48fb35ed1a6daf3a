/** Which raw files of a vendor's dataset are on the disk, found by listing folders: one listing a day answers for all its symbols. */
import { stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import { codeOf, eachBounded, namesIn } from './disk.ts'
import { type RawLayout, rawFile, rawFileParts, rawFiles, rawFolder, symbolOfFolder } from './paths.ts'

/** Names inside a day's folder: `data.parquet` where symbols share a file, `symbol=…` or `underlier=…` where each has its own. */
export type RawFileList = Map<Dt, Set<string>>

const LISTINGS = 8
/** For so many days the listing of all of them, thousands of names, does not pay. */
const FEW = 8
/** A cell's own file counts before the one that its day's symbols share. */
const LAYOUTS: readonly RawLayout[] = ['date-symbol', 'date-underlier', 'date']

/** What there is on the given days. Days without a folder, all of them when a backfill begins, cost one listing together. */
export async function listRawFiles(
  root: string,
  vendor: string,
  dataset: DatasetName,
  dts: readonly Dt[],
): Promise<RawFileList> {
  const days: RawFileList = new Map(dts.map((dt) => [dt, new Set<string>()]))
  const folders = new Map(dts.map((dt) => [dirname(rawFile(root, vendor, dataset, 'date', dt, 'ANY')), dt]))
  const folder = rawFolder(root, vendor, dataset)
  const there = dts.length > FEW ? new Set(await namesIn(folder)) : null
  await eachBounded([...folders], LISTINGS, async ([path, dt]) => {
    if (there === null || there.has(basename(path))) days.set(dt, new Set(await namesIn(path)))
  })
  return days
}

/** Where a cell may lie and where it is written. */
export interface FilePlace {
  /** The files that may hold it, a file of its own before the shared one: the first that does counts. A symbol's folder may be empty: ask `fileSizes` what is really there. */
  files: string[]
  /** Where it is written when no file holds it. */
  target: string
}

/** The places of a day's cells, by symbol. Where the day has no file but the one its symbols share, they all have the same place. */
export function placesOn(
  root: string,
  vendor: string,
  dataset: DatasetName,
  layout: RawLayout,
  dt: Dt,
  days: RawFileList,
): (symbol: string) => FilePlace {
  const names = days.get(dt) ?? new Set()
  const layouts = layout === 'date-underlier' ? [layout, ...LAYOUTS.filter((other) => other !== layout)] : LAYOUTS
  const dayFolder = dirname(rawFile(root, vendor, dataset, 'date', dt, 'ANY'))
  const placeOf = (symbol: string): FilePlace => ({
    files:
      names.size === 0
        ? []
        : layouts
            .flatMap((each) => rawFiles(root, vendor, dataset, each, dt, symbol))
            .filter((path) => names.has(path.slice(dayFolder.length + 1).split('/')[0] as string)),
    target: rawFile(root, vendor, dataset, layout, dt, symbol),
  })
  const isShared = layout === 'date' && [...names].every((name) => name === 'data.parquet')
  if (!isShared) return placeOf
  const place = placeOf('ANY')
  return () => place
}

/** Bytes of each file that exists. A process killed between making a folder and naming its file leaves the folder empty. */
export async function fileSizes(paths: readonly string[]): Promise<Map<string, number>> {
  const sizes = new Map<string, number>()
  await eachBounded([...new Set(paths)], LISTINGS, async (path) => {
    try {
      sizes.set(path, (await stat(path)).size)
    } catch (error) {
      if (codeOf(error) !== 'ENOENT') throw error
    }
  })
  return sizes
}

/** Every raw file of a dataset whose day begins with `prefix` (`2024`, `2024-07-03`), of all vendors on the disk, sorted. */
export async function rawFilesOf(root: string, dataset: DatasetName, prefix: string): Promise<string[]> {
  const files: string[] = []
  for (const vendor of await namesIn(join(root, 'raw'))) {
    if (!/^[a-z][a-z0-9_]*$/.test(vendor)) continue
    const folder = rawFolder(root, vendor, dataset)
    const dayFolders = (await namesIn(folder)).filter(
      (name) => name.startsWith(`date=${prefix}`) && isDt(name.slice(5)),
    )
    await eachBounded(dayFolders, LISTINGS, async (day) => {
      for (const name of await namesIn(join(folder, day))) {
        if (name === 'data.parquet') files.push(join(folder, day, name))
        else if (symbolOfFolder(name) !== null) files.push(...(await dataIn(join(folder, day, name))))
      }
    })
  }
  return files.sort()
}

const dataIn = async (folder: string): Promise<string[]> =>
  (await namesIn(folder)).filter((name) => name === 'data.parquet').map((name) => join(folder, name))

/** A cell that lies in a file of its own and maybe in the one that its vendor's day shares. */
export interface ShadowedCell {
  vendor: string
  dt: Dt
  symbol: string
}

/** The cells of these files that count in a file of their own although there is a shared file of their day: rows of them in that one are older, or copies. */
export function shadowedCells(root: string, files: readonly string[]): ShadowedCell[] {
  const places = files.flatMap((file) => rawFileParts(root, file) ?? [])
  const shared = new Set(places.filter(({ symbol }) => symbol === null).map(({ vendor, dt }) => `${vendor} ${dt}`))
  if (shared.size === 0) return []
  return places.flatMap(({ vendor, dt, symbol }) =>
    symbol !== null && shared.has(`${vendor} ${dt}`) ? [{ vendor, dt, symbol }] : [],
  )
}
