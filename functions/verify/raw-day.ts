/** The names below one day of raw files, of all vendors: which file holds which cell, and what else lies there. Opens no file. */
import { type Dirent, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { StoredVersion } from '../../db/attempts/versions-of-day.ts'
import { daysOfAttempts } from '../../db/manifests/stored-versions.ts'
import { codeOf, namesIn } from '../_lake/disk.ts'
import { isAside, rawFolder, rawRoot, symbolOfFolder } from '../_lake/paths.ts'
import { isTemp } from '../_lake/temp-names.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import { datasetOfPlace, datasetsIn, type VerifyContext } from './check.ts'

/** The files of one vendor's day, as absolute paths. */
export interface DayFiles {
  vendor: string
  /** The file that the symbols of the day share. */
  shared: string | null
  bySymbol: Map<string, string>
  temps: string[]
  aside: string[]
  /** Names that this node does not write. */
  unknown: string[]
}

/** Folders read before the event loop has its turn. */
const PER_TURN = 200

/** `dataset/dt` of every day that the database or a folder tells of. */
export async function rawPlaces(context: VerifyContext): Promise<string[]> {
  const places = new Set<string>()
  const vendors = await vendorFolders(context)
  for (const { dataset } of datasetsIn(context)) {
    const days = context.db === null ? [] : await daysOfAttempts(context.db, dataset)
    for (const dt of days) places.add(`${dataset}/${dt}`)
    for (const vendor of vendors) {
      for (const name of await namesIn(rawFolder(context.lake.root, vendor, dataset))) {
        const dt = name.slice('date='.length)
        if (name.startsWith('date=') && isDt(dt)) places.add(`${dataset}/${dt}`)
      }
    }
  }
  return [...places]
}

/** The same by quarters of a year where the symbols of a day share a file: `dataset/2024-Q3`. One query for many small files costs as much as for one. */
export async function rawGroups(context: VerifyContext): Promise<string[]> {
  const groups = new Map<string, Dt[]>()
  for (const place of (await rawPlaces(context)).sort()) {
    const { dataset, spec, rest: dt } = datasetOfPlace(context, place)
    const group = spec.raw_layout === 'date' ? `${dataset}/${quarterOf(dt)}` : place
    const days = groups.get(group)
    if (days) days.push(dt)
    else groups.set(group, [dt])
  }
  context.memo.set('raw groups', groups)
  return [...groups.keys()]
}

const quarterOf = (dt: Dt): string => `${dt.slice(0, 4)}-Q${Math.ceil(Number(dt.slice(5, 7)) / 3)}`

/** The days of a group, ascending. */
export const daysOfGroup = ({ memo }: VerifyContext, group: string): Dt[] =>
  (memo.get('raw groups') as Map<string, Dt[]> | undefined)?.get(group) ?? []

/** Vendors with a folder on the disk, configured or not. */
export async function vendorFolders({ lake, memo }: VerifyContext): Promise<string[]> {
  const known = memo.get('vendor folders') as string[] | undefined
  if (known) return known
  const vendors = (await namesIn(rawRoot(lake.root))).filter((name) => /^[a-z][a-z0-9_]*$/.test(name)).sort()
  memo.set('vendor folders', vendors)
  return vendors
}

/** What lies there of a day, by vendor; vendors without a folder of that day are left out. */
export async function listDay(context: VerifyContext, dataset: DatasetName, dt: Dt): Promise<DayFiles[]> {
  const days: DayFiles[] = []
  for (const vendor of await vendorFolders(context)) {
    const folder = join(rawFolder(context.lake.root, vendor, dataset), `date=${dt}`)
    const entries = entriesOf(folder)
    if (entries === null) continue
    const day: DayFiles = { vendor, shared: null, bySymbol: new Map(), temps: [], aside: [], unknown: [] }
    for (const [at, entry] of entries.entries()) {
      const symbol = entry.isDirectory() ? symbolOfFolder(entry.name) : null
      if (symbol === null) sort(day, folder, entry, null)
      else
        for (const inner of entriesOf(join(folder, entry.name)) ?? [])
          sort(day, join(folder, entry.name), inner, symbol)
      if (at % PER_TURN === PER_TURN - 1) await yieldToEventLoop()
    }
    days.push(day)
  }
  return days
}

/** The file a cell lies in, as far as names tell; null where none can hold it. */
export const fileOf = (day: DayFiles | undefined, symbol: string): string | null =>
  day?.bySymbol.get(symbol) ?? day?.shared ?? null

/** The versions of a vendor that are said to be on the disk, by the file that must hold them. */
export function versionsByFile(day: DayFiles, versions: readonly StoredVersion[]): Map<string, StoredVersion[]> {
  const files = new Map<string, StoredVersion[]>()
  for (const version of versions) {
    if (version.vendor !== day.vendor || version.isLost) continue
    const file = fileOf(day, version.symbol)
    if (file === null) continue
    const own = files.get(file)
    if (own) own.push(version)
    else files.set(file, [version])
  }
  return files
}

function sort(day: DayFiles, folder: string, entry: Dirent, symbol: string | null): void {
  const path = join(folder, entry.name)
  if (entry.isDirectory()) day.unknown.push(path)
  else if (entry.name === 'data.parquet') {
    if (symbol === null) day.shared = path
    else day.bySymbol.set(symbol, path)
  } else if (isAside(entry.name)) day.aside.push(path)
  else if (isTemp(entry.name)) day.temps.push(path)
  else day.unknown.push(path)
}

/** Synchronous: a warm folder takes microseconds, and a hundred thousand promises take seconds. Null where there is no such folder. */
function entriesOf(folder: string): Dirent[] | null {
  try {
    return readdirSync(folder, { withFileTypes: true })
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw error
  }
}
