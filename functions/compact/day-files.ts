/** What lies on the disk of one vendor's day, and the checks that it must pass before anything of it is put elsewhere. */
import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { type StoredCellVersion, storedVersionsOfDay } from '../../db/manifests/stored-versions.ts'
import { hashesOf } from '../../db/raw-files/raw-files.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { isDigestOfCell, sha256 } from '../_lake/digest.ts'
import { eachBounded, namesIn } from '../_lake/disk.ts'
import { rawSchema } from '../_lake/encode.ts'
import { fileKeyOf, isExpected } from '../_lake/file-hashes.ts'
import { fileSizes } from '../_lake/list-raw-files.ts'
import { rawFile, symbolOfFolder } from '../_lake/paths.ts'
import type { StoredPart } from '../_lake/raw-part.ts'
import { asRawPart, readOwnParts } from '../_lake/stored-part.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'

export interface RawDay {
  dataset: DatasetName
  spec: DatasetConfig
  vendor: string
  dt: Dt
}

/** Why a day is left alone. `paths` (absolute) are the files at fault. */
export interface LeftAlone {
  why: 'waiting' | 'unread' | 'unaccepted' | 'missing' | 'foreign' | 'damaged' | 'changed'
  paths: string[]
}

/** A day of which every cell is what was accepted. */
export interface CheckedDay {
  shared: string
  /** sha256 of the shared file that is there; null where there is none. */
  sharedHash: string | null
  /** The files of single cells that are there. */
  own: string[]
  /** Every row that the shared file is to hold: of each cell from the file that counts. By symbol. */
  parts: StoredPart[]
  versions: StoredCellVersion[]
  /** What the database knows of the day's files: hashes by symbol. */
  known: Map<string, string>
}

const READ_AT_ONCE = 8

/** Looks at names first and opens nothing where they tell enough. To be called under the lock of the vendor's dataset. */
export async function checkedDay(context: NodeContext, day: RawDay): Promise<CheckedDay | LeftAlone> {
  const { dataset, vendor, dt } = day
  const { root } = context.lake
  const shared = rawFile(root, vendor, dataset, 'date', dt, 'ANY')
  const own = await ownFiles(dirname(shared))
  const hasShared = (await fileSizes([shared])).has(shared)
  const versions = (await storedVersionsOfDay(context.db, dataset, dt)).filter((one) => one.vendor === vendor)
  const accepted = new Map(versions.map((version) => [version.symbol, version]))
  const unread = versions.filter(({ digest }) => digest === null)
  if (unread.length > 0) return { why: 'unread', paths: unread.flatMap(({ symbol }) => own.get(symbol) ?? []) }
  const unaccepted = [...own].filter(([symbol, files]) => !accepted.has(symbol) || files.length > 1)
  if (unaccepted.length > 0) return { why: 'unaccepted', paths: unaccepted.flatMap(([, files]) => files) }
  if (!hasShared && versions.some(({ symbol }) => !own.has(symbol))) return { why: 'missing', paths: [shared] }

  const known = await knownOfDay(context, day)
  const parts: StoredPart[] = []
  const left: LeftAlone[] = []
  const read = async (path: string, isWanted: (symbol: string) => boolean): Promise<string> => {
    const found = await checkedParts(context, day, path, known, isWanted, accepted)
    if ('why' in found) left.push(found)
    else parts.push(...found.parts)
    return 'hash' in found ? found.hash : ''
  }
  // Of a cell that has a file of its own, that one counts.
  const sharedHash = hasShared ? await read(shared, (symbol) => !own.has(symbol)) : null
  const files = [...own.values()].flat()
  await eachBounded(own.size === 0 ? [] : [...own], READ_AT_ONCE, async ([symbol, [path]]) => {
    if (left.length === 0 && path !== undefined) await read(path, (its) => its === symbol)
  })
  const [first] = left
  if (first !== undefined)
    return { why: first.why, paths: left.filter(({ why }) => why === first.why).flatMap(({ paths }) => paths) }
  const there = new Set(parts.map(({ symbol }) => symbol))
  const missing = versions.filter(({ symbol }) => !there.has(symbol))
  if (missing.length > 0) return { why: 'missing', paths: [shared] }
  parts.sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0))
  return { shared, sharedHash, own: files, parts, versions, known }
}

/** The files of single cells by symbol; more than one where the folder of a symbol like CON is there in both spellings. */
export async function ownFiles(folder: string): Promise<Map<string, string[]>> {
  const named = (await namesIn(folder)).sort().flatMap((name) => {
    const symbol = symbolOfFolder(name)
    return symbol === null ? [] : [{ symbol, path: join(folder, name, 'data.parquet') }]
  })
  const there = await fileSizes(named.map(({ path }) => path))
  const own = new Map<string, string[]>()
  for (const { symbol, path } of named) if (there.has(path)) own.set(symbol, [...(own.get(symbol) ?? []), path])
  return own
}

/** By the key under which the database knows a file of the day. */
export async function knownOfDay({ db }: NodeContext, { dataset, vendor, dt }: RawDay): Promise<Map<string, string>> {
  const start = `${dt} ${vendor} `
  const all = await hashesOf(db, dataset, dt, dt)
  return new Map([...all].flatMap(([key, hash]) => (key.startsWith(start) ? [[key.slice(start.length), hash]] : [])))
}

/** The wanted rows of one file. Those of cells that nobody accepted stay as they are: they are in a shared file only. */
async function checkedParts(
  { lake }: NodeContext,
  { spec, vendor }: RawDay,
  path: string,
  known: ReadonlyMap<string, string>,
  isWanted: (symbol: string) => boolean,
  accepted: ReadonlyMap<string, StoredCellVersion>,
): Promise<{ parts: StoredPart[]; hash: string } | LeftAlone> {
  const bytes = await readFile(path)
  const hash = sha256(bytes)
  const { symbol } = fileKeyOf(lake.root, path)
  if (!isExpected(hash, known.get(symbol))) return { why: 'damaged', paths: [path] }
  const stored = readOwnParts(bytes, rawSchema(spec.columns))
  if (stored === null) return { why: 'foreign', paths: [path] }
  const parts = stored.filter((part) => isWanted(part.symbol))
  const isOfPlace = stored.every(({ provenance }) => provenance.vendor === vendor)
  if (!isOfPlace || (symbol !== '' && parts.length < stored.length)) return { why: 'foreign', paths: [path] }
  return (await areAccepted(spec, parts, accepted)) ? { parts, hash } : { why: 'damaged', paths: [path] }
}

/** Are the rows of every cell those that were accepted? Cell by cell: a day of minutes as objects would be hundreds of megabytes. */
export async function areAccepted(
  spec: DatasetConfig,
  parts: readonly StoredPart[],
  accepted: ReadonlyMap<string, StoredCellVersion>,
): Promise<boolean> {
  const bySymbol = new Map<string, StoredPart[]>()
  for (const part of parts) {
    const own = bySymbol.get(part.symbol)
    if (own) own.push(part)
    else bySymbol.set(part.symbol, [part])
  }
  let looked = 0
  for (const [symbol, own] of bySymbol) {
    const digest = accepted.get(symbol)?.digest
    if (digest == null) continue
    const rows = own.flatMap((part) => asRawPart(part, spec.columns).rows)
    if (!isDigestOfCell(rows, digest)) return false
    if (++looked % 10 === 0) await yieldToEventLoop()
  }
  return true
}
