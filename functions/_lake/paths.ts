/** Every path of the lake, each built by one pure function from validated parts. Nothing here touches the disk. */
import { join, relative, sep } from 'node:path'
import { DatasetName } from '../_market/cell.ts'
import { type Dt, isDt } from '../_market/dt.ts'
import { decodeSymbol, folderNames } from './symbol-name.ts'

/** Symbols of a day in one file, or a file for each cell; options name the cell's symbol `underlier`. */
export type RawLayout = 'date' | 'date-symbol' | 'date-underlier'
export type PartitionKind = 'date' | 'year'

const VENDOR = /^[a-z][a-z0-9_]*$/
/** The folder of one cell inside its day. */
export const CELL_FOLDER = /^(?:symbol|underlier)=(.+)$/

/** The symbol of a cell's folder inside its day (`symbol=BRK.B`, `underlier=SPY`); null for any other name, also one we would not write. */
export function symbolOfFolder(name: string): string | null {
  const encoded = CELL_FOLDER.exec(name)?.[1]
  if (encoded === undefined) return null
  try {
    return decodeSymbol(encoded)
  } catch {
    return null
  }
}

function checked(what: string, value: string, holds: (value: string) => boolean): string {
  if (!holds(value)) throw new Error(`expected ${what}, got ${JSON.stringify(value)}: no path is built from it`)
  return value
}
const vendorPart = (vendor: string): string =>
  checked('a vendor name such as alpaca', vendor, (text) => VENDOR.test(text))
const datasetPart = (dataset: string): string =>
  checked('a known dataset', dataset, (text) => DatasetName.safeParse(text).success)
const dayPart = (dt: string): string => checked('a day as YYYY-MM-DD', dt, isDt)
const isYear = (text: string): boolean => /^\d{4}$/.test(text)
const keyPart = (key: string): string =>
  checked('a partition key as YYYY or YYYY-MM-DD', key, (text) => isYear(text) || isDt(text))

export const rawRoot = (root: string): string => join(root, 'raw')

/** `raw/<vendor>/<dataset>`: every raw file of one vendor's dataset. */
export const rawFolder = (root: string, vendor: string, dataset: DatasetName): string =>
  join(rawRoot(root), vendorPart(vendor), datasetPart(dataset))

/** The raw file of a cell. With layout `date` all symbols of the day share it; with `date-symbol` each cell has its own. */
export const rawFile = (...cell: Parameters<typeof rawFiles>): string => rawFiles(...cell)[0]!

/** Where the raw file of a cell may lie, the place that we write first: older nodes named the folder of a symbol like CON plainly. */
export function rawFiles(
  root: string,
  vendor: string,
  dataset: DatasetName,
  layout: RawLayout,
  dt: Dt,
  symbol: string,
): string[] {
  const day = join(rawFolder(root, vendor, dataset), `date=${dayPart(dt)}`)
  switch (layout) {
    case 'date':
      return [join(day, 'data.parquet')]
    case 'date-symbol':
      return folderNames(symbol).map((name) => join(day, `symbol=${name}`, 'data.parquet'))
    case 'date-underlier':
      return folderNames(symbol).map((name) => join(day, `underlier=${name}`, 'data.parquet'))
    default:
      throw new Error(`expected a raw layout date, date-symbol or date-underlier, got ${layout satisfies never}`)
  }
}

/** What the path of a raw file says about its rows; `symbol` is null where the symbols of a day share the file. Null for any other path. */
export function rawFileParts(
  root: string,
  path: string,
): { vendor: string; dataset: DatasetName; dt: Dt; symbol: string | null } | null {
  const parts = relative(rawRoot(root), path).split(sep)
  const [vendor = '', dataset = '', day = ''] = parts
  const known = DatasetName.safeParse(dataset)
  if (parts.at(-1) !== 'data.parquet' || !VENDOR.test(vendor) || !known.success) return null
  if (!day.startsWith('date=') || !isDt(day.slice(5)) || parts.length < 4 || parts.length > 5) return null
  const name = parts.length === 5 ? parts[3] : null
  const symbol = name == null ? null : symbolOfFolder(name)
  if (name != null && symbol === null) return null
  return { vendor, dataset: known.data, dt: day.slice(5), symbol }
}

/** Where a file that could not be read is put, beside its place. */
export const asidePath = (path: string): string => `${path}.damaged`
/** Is this the name of such a file? */
export const isAside = (name: string): boolean => name === asidePath('data.parquet')

export const manifestRoot = (root: string): string => join(root, 'manifests')

/** One append-only file per vendor, dataset and UTC day on which answers were accepted. */
export const manifestFile = (root: string, vendor: string, dataset: DatasetName, day: Dt): string =>
  join(manifestRoot(root), vendorPart(vendor), datasetPart(dataset), `manifest-${dayPart(day)}.jsonl`)

export const curatedFolder = (root: string, dataset: DatasetName): string => join(root, 'curated', datasetPart(dataset))

/** `curated/<dataset>/year=YYYY/data.parquet` or `…/date=YYYY-MM-DD/data.parquet`. */
export function curatedFile(root: string, dataset: DatasetName, kind: PartitionKind, key: string): string {
  const fits = kind === 'year' ? isYear : isDt
  return join(
    curatedFolder(root, dataset),
    `${kind}=${checked(`a partition key of kind ${kind}`, key, fits)}`,
    'data.parquet',
  )
}

export const ledgerFolder = (root: string): string => join(root, 'qc', 'ledger')

/** The QC verdicts of one partition. */
export const ledgerFragment = (root: string, dataset: DatasetName, partition: string): string =>
  join(ledgerFolder(root), datasetPart(dataset), `${keyPart(partition)}.parquet`)

/** The ledger: one row per cell, of all fragments. */
export const ledgerFile = (root: string): string => join(root, 'qc', 'partition_status.parquet')

/** What persons decided about cells. */
export const decisionsFile = (root: string): string => join(root, 'qc', 'decisions.jsonl')

export const runningRoot = (root: string): string => join(root, 'running')

/** Where the bars of a running session lie until the day is over: the raw file's place, below another folder. */
export const runningFile = (...place: Parameters<typeof rawFile>): string =>
  join(runningRoot(place[0]), relative(rawRoot(place[0]), rawFile(...place)))

/** Answers of plans that are not answered to the end yet: paid for, not data. */
export const pageCacheFolder = (root: string): string => join(root, 'state', 'kept-pages')

/** The node's own database. */
export const stateFile = (root: string): string => join(root, 'state', 'node.db')

/** A finished bundle. */
export const bundleFolder = (exportRoot: string, asof: Dt): string => join(exportRoot, 'nightly', dayPart(asof))

/** A bundle that lacks what the finished one of its day has: kept for a person to look at, never pointed at. */
export const heldBackFolder = (exportRoot: string, asof: Dt): string => join(exportRoot, 'held-back', dayPart(asof))

/** A bundle in the making, on the same volume as the finished ones so that a rename finishes it. */
export const stagingFolder = (exportRoot: string, asof: Dt): string => join(exportRoot, '.staging', dayPart(asof))

/** Where a finished bundle waits while its successor takes its place. */
export const asideFolder = (exportRoot: string, asof: Dt): string => `${stagingFolder(exportRoot, asof)}.replaced`

/** A bundle that another of its day replaced at an instant (epoch ms). */
export const replacedFolder = (exportRoot: string, asof: Dt, at: number): string =>
  join(exportRoot, '.replaced', `${dayPart(asof)}-${at}`)
/** Bundles on their way out: no reader looks here. */
export const trashFolder = (exportRoot: string): string => join(exportRoot, '.trash')

/** The symbolic link to the newest finished bundle. */
export const latestLink = (exportRoot: string): string => join(exportRoot, 'latest')
