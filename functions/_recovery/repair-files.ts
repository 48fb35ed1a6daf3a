/**
 * A raw file whose bytes are not those that were written: each cell's rows are compared with the cell's own digest. Those that match stay, in a file
 * written anew; the others are asked for again, or, where no vendor can serve them any more, kept and held. Kill it anywhere: the next look ends it.
 */
import { copyFile, link, readFile, rm } from 'node:fs/promises'
import { relative } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import { recordRepaired } from '../../db/lost-files/record-repaired.ts'
import { invalidateCells } from '../../db/manifests/invalidate-cells.ts'
import { type StoredCellVersion, storedVersionsOfDay } from '../../db/manifests/stored-versions.ts'
import type { NodeContext } from '../_catalog/context.ts'
import type { CanBeServed } from '../_catalog/servable.ts'
import { setAside, writeFilesAtomic } from '../_lake/atomic.ts'
import { isDigestOfCell, sha256 } from '../_lake/digest.ts'
import { codeOf } from '../_lake/disk.ts'
import { encodeRows } from '../_lake/encode.ts'
import { isExpected } from '../_lake/file-hashes.ts'
import { fileParts } from '../_lake/file-parts.ts'
import { isOfAFile } from '../_lake/footers.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { appendManifest, type CellEntry, type NewManifestLine } from '../_lake/manifest.ts'
import { asidePath, manifestFile, rawFileParts } from '../_lake/paths.ts'
import type { FilePart } from '../_lake/raw-part.ts'
import { asRawPart } from '../_lake/stored-part.ts'
import { cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import { isInDayFile } from './day-file.ts'
import { hashOfPath, type NewestLines, newestLines } from './newest-lines.ts'
import { recordedHashes, UNPROVEN } from './recorded-hashes.ts'
import { invalidatedCell } from './replay-manifests.ts'
import { asideLine, heldBy, setAsideDamaged, writeAside } from './set-aside.ts'

export interface Repaired {
  /** Files that were looked at and are settled now. */
  files: number
  /** Cells that became gaps. */
  lost: number
  /** Cells that are kept and held, because no vendor can serve them again. */
  held: number
}

/** `hashes`: a file with the hash that is known of it is whole. `rows`: the rows of its cells decide, whatever its hash: it may be that of wrong rows. */
export type Proof = 'hashes' | 'rows'

/** Looks at each file again before it does anything about it: what has healed meanwhile stays as it is. */
export async function repairFiles(
  context: NodeContext,
  paths: readonly string[],
  canBeServed: CanBeServed,
  proof: Proof = 'hashes',
): Promise<Repaired> {
  const repaired: Repaired = { files: 0, lost: 0, held: 0 }
  for (const { vendor, dataset, spec, files } of grouped(context, paths)) {
    // The same turn as the answers that are kept: nobody reads or replaces a file meanwhile.
    const gone = await withLock(`${context.lake.root} ${vendor} ${dataset}`, async () => {
      const left: string[] = []
      const lines = await newestLines(context.lake, vendor, dataset, new Set(files.map(({ dt }) => dt)))
      for (const file of files) {
        const done = await repairOne(context, { ...file, vendor, dataset, spec }, lines, canBeServed, proof)
        if (done === 'gone') left.push(file.path)
        else {
          repaired.files++
          repaired.lost += done.lost
          repaired.held += done.held
        }
      }
      return left
    })
    const aside = await setAsideDamaged(context, gone)
    repaired.files += aside.files
    repaired.lost += aside.cells
  }
  return repaired
}

interface FileAt {
  path: string
  dt: Dt
  symbol: string | null
}
interface Group {
  vendor: string
  dataset: DatasetName
  spec: DatasetConfig
  files: FileAt[]
}
type One = FileAt & Omit<Group, 'files'>

function grouped({ lake, config }: NodeContext, paths: readonly string[]): Group[] {
  const groups = new Map<string, Group>()
  for (const path of paths) {
    const place = rawFileParts(lake.root, path)
    const spec = place && config.datasets[place.dataset]
    if (!place || !spec) throw new Error(`expected a raw file of a configured dataset, got ${path}`)
    const { vendor, dataset, dt, symbol } = place
    const key = `${vendor} ${dataset}`
    const group = groups.get(key) ?? { vendor, dataset, spec, files: [] }
    group.files.push({ path, dt, symbol })
    groups.set(key, group)
  }
  return [...groups.values()]
}

async function repairOne(
  context: NodeContext,
  file: One,
  lines: NewestLines,
  canBeServed: CanBeServed,
  proof: Proof,
): Promise<{ lost: number; held: number } | 'gone'> {
  const { path, dataset, vendor, dt, spec } = file
  const { lake, db } = context
  const hashes = recordedHashes(context, dataset)
  const bytes = await readFile(path).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return null
    throw error
  })
  if (bytes === null) return 'gone'
  const found = sha256(bytes)
  const said = (await hashes.expected([path])).get(path)
  const expected = said === UNPROVEN ? undefined : said
  const isRecorded = expected !== undefined && isExpected(found, expected)
  if (isRecorded && proof === 'hashes') return { lost: 0, held: 0 }
  // Where the manifest and the database disagree, the file decides: it is as its newest line says.
  const isTold = !isRecorded && lines.hashes.has(hashOfPath(relative(lake.root, path), found))
  if (isTold) {
    await hashes.wrote(new Map([[path, found]]))
    context.log('raw.hash_recorded', { path: relative(lake.root, path) })
    if (proof === 'hashes') return { lost: 0, held: 0 }
  }
  const isKnown = isRecorded || isTold
  const parts = await fileParts(lake, spec, [path]).catch((error: unknown) => {
    if (isOfAFile(error)) return null
    throw error
  })
  const held = (await storedVersionsOfDay(db, dataset, dt)).filter((version) => version.vendor === vendor)
  const storedVersions = await heldBy(context, spec, file, path, held)
  // Its bytes are all that is left of it: they stay beside its place.
  if (parts === null && (await isShadow(context, file, storedVersions))) return { lost: 0, held: 0 }
  if (parts === null)
    return { lost: await askAgain(context, file, new Map(), storedVersions, storedVersions, lines), held: 0 }
  const stored = bySymbol(parts.get(path) ?? [])
  const again = await encoded(spec, [...stored.values()].flat())
  const isOurs = again?.equals(bytes) ?? false
  const unstorable = again === null ? await unstorableOf(spec, stored) : new Set<string>()
  const bad = storedVersions.filter(
    (version) =>
      unstorable.has(version.symbol) ||
      (!(version.digest === null && (expected === undefined || isKnown)) &&
        !isGood(
          spec,
          version,
          stored.get(version.symbol),
          lines.byCell.get(cellKey(version.symbol, dt)),
          vendor,
          isOurs,
        )),
  )
  if (bad.length === 0 && (isOurs || expected === undefined || isKnown)) {
    // Another cell was added and nobody lived to tell, or nobody has hashed the file yet.
    await hashes.wrote(new Map([[path, found]]))
    return { lost: 0, held: 0 }
  }
  if (bad.length > 0 && (await isShadow(context, file, bad))) return { lost: 0, held: 0 }
  if (!canBeServed(dataset, dt))
    return { lost: 0, held: await hold(context, file, stored, storedVersions, bad, lines, found) }
  // Rows that cannot be written would keep the whole file from being written, also those of a cell nobody accepted.
  for (const symbol of unstorable) stored.delete(symbol)
  return { lost: await askAgain(context, file, stored, storedVersions, bad, lines), held: 0 }
}

/** Lies what was delivered in the file that the day's symbols share? Then the cell's own file, which counts before it, is put aside. */
async function isShadow(context: NodeContext, file: One, bad: readonly StoredCellVersion[]): Promise<boolean> {
  if (file.symbol === null || !(await isInDayFile(context, file.spec, file, bad))) return false
  await setAside(file.path)
  context.log('raw.set_aside', { path: relative(context.lake.root, file.path), why: 'damaged', cells: 0 })
  return true
}

function bySymbol(parts: readonly FilePart[]): Map<string, FilePart[]> {
  const stored = new Map<string, FilePart[]>()
  for (const part of parts) stored.set(part.symbol, [...(stored.get(part.symbol) ?? []), part])
  return stored
}

/** Symbols whose rows or provenance cannot be written again, whatever their digest says: a fetch time far outside the calendar is in no digest. */
async function unstorableOf(
  spec: DatasetConfig,
  stored: ReadonlyMap<string, readonly FilePart[]>,
): Promise<Set<string>> {
  const symbols = new Set<string>()
  for (const [symbol, parts] of stored) if ((await encoded(spec, parts)) === null) symbols.add(symbol)
  return symbols
}

/** Null for rows that cannot be stored, as damage leaves them. */
const encoded = (spec: DatasetConfig, parts: readonly FilePart[]): Promise<Buffer | null> =>
  encodeRows(spec.columns, parts).catch(() => null)

/** Are these the rows that were delivered? Feed and vendor are no part of the digest: the line and the path know them. */
function isGood(
  spec: DatasetConfig,
  version: StoredCellVersion,
  parts: readonly FilePart[] | undefined,
  line: CellEntry | undefined,
  vendor: string,
  isOurs: boolean,
): boolean {
  if (!parts) return false
  const accepted = line && line.verdict !== 'set_aside' ? line : undefined
  const isOfPlace = parts.every(
    ({ provenance }) => provenance.vendor === vendor && (!accepted || provenance.feed === accepted.feed),
  )
  if (!isOfPlace) return false
  const rows = parts.flatMap((part) => asRawPart(part, spec.columns).rows)
  if ([version.digest, accepted?.digest].some((digest) => digest && isDigestOfCell(rows, digest))) return true
  // A later answer that a killed process wrote and did not live to tell of: whoever is asked again will find it there. No flipped bit does that.
  return (
    isOurs &&
    accepted !== undefined &&
    parts.every(({ provenance }) => provenance.fetchedAt > Date.parse(accepted.fetched_at))
  )
}

/** The damaged cells become gaps; what is left of the file is written anew. The damaged file stays beside it. */
async function askAgain(
  context: NodeContext,
  { path, dataset, vendor, dt, spec }: One,
  stored: Map<string, FilePart[]>,
  storedVersions: readonly StoredCellVersion[],
  bad: readonly StoredCellVersion[],
  lines: NewestLines,
): Promise<number> {
  const { lake, db, now } = context
  const lost = bad.map((version) => asideLine(context, dataset, dt, version, 'damaged', path))
  // The lines first: a cell that is out of the file with nothing to tell of it would be believed to be there for ever.
  if (lost.length > 0) await writeAside(context, vendor, dataset, lost)
  for (const { symbol } of bad) stored.delete(symbol)
  const good = storedVersions.filter((version) => !bad.includes(version))
  await rewrite(context, { path, dataset, vendor, dt, spec }, stored, good, lines)
  await invalidateCells(
    db,
    vendor,
    dataset,
    lost.map((line) => invalidatedCell(spec, line)),
    now(),
  )
  if (lost.length === 0) await noteRepaired(context, { path, dataset, vendor, dt, spec }, 'repaired', [])
  if (stored.size === 0)
    context.log('raw.set_aside', { path: relative(lake.root, path), why: 'damaged', cells: lost.length })
  else context.log('raw.repaired', { path: relative(lake.root, path), kept: good.length, lost: lost.length })
  return lost.length
}

/** No vendor can serve them again: what is there of them stays, and is held. */
async function hold(
  context: NodeContext,
  file: Omit<One, 'symbol'>,
  stored: Map<string, FilePart[]>,
  storedVersions: readonly StoredCellVersion[],
  bad: readonly StoredCellVersion[],
  lines: NewestLines,
  found: string,
): Promise<number> {
  const { path, dataset } = file
  const good = storedVersions.filter((version) => !bad.includes(version))
  const isWritten = await rewrite(context, file, stored, good, lines)
  // Rows that cannot be stored stay where they are: the hash is then that of the damaged file.
  if (!isWritten) await recordedHashes(context, dataset).wrote(new Map([[path, found]]))
  const symbols = bad.map(({ symbol }) => symbol)
  await noteRepaired(context, file, bad.length > 0 ? 'kept' : 'repaired', symbols)
  context.log('raw.repaired', { path: relative(context.lake.root, path), kept: good.length, held: bad.length })
  return bad.length
}

/** Writes what is stored as a file of ours, beside which the damaged one stays. False where its rows cannot be stored. */
async function rewrite(
  context: NodeContext,
  { path, dataset, vendor, dt, spec }: Omit<One, 'symbol'>,
  stored: ReadonlyMap<string, readonly FilePart[]>,
  good: readonly StoredCellVersion[],
  lines: NewestLines,
): Promise<boolean> {
  const parts = [...stored.values()].flat()
  if (parts.length === 0) {
    await setAside(path)
    return true
  }
  const bytes = await encoded(spec, parts)
  if (bytes === null) return false
  await keepAside(path)
  await writeFilesAtomic([{ path, bytes, isThere: true }])
  const hash = sha256(bytes)
  await recordedHashes(context, dataset).wrote(new Map([[path, hash]]))
  const same = good.flatMap(({ symbol }): NewManifestLine[] => {
    const line = lines.byCell.get(cellKey(symbol, dt))
    if (!line || line.verdict === 'set_aside') return []
    const { refused: _refused, difference: _difference, ...told } = line
    return [{ ...told, verdict: 'same', previous: line.digest, path: relative(context.lake.root, path), sha256: hash }]
  })
  const day = new Date(context.now()).toISOString().slice(0, 10)
  if (same.length > 0) await appendManifest(manifestFile(context.lake.root, vendor, dataset, day), same)
  return true
}

async function keepAside(path: string): Promise<void> {
  const aside = asidePath(path)
  await rm(aside, { force: true })
  // A disk without links gets a copy.
  await link(path, aside).catch(() => copyFile(path, aside))
}

const noteRepaired = (
  { lake, db, now }: NodeContext,
  { path, dataset, vendor, dt, spec }: Omit<One, 'symbol'>,
  why: 'repaired' | 'kept',
  damaged: readonly string[],
): Promise<void> =>
  recordRepaired(
    db,
    { path: relative(lake.root, path), vendor, dataset, dt, partition: partitionOf(spec.partition, dt), why, damaged },
    now(),
  )
