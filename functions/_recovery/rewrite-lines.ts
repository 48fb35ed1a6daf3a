/** Writes the manifest line of a cell again from what its file holds. Where database and lines disagree, the file decides: by its rows, or by its own hash. */
import { relative } from 'node:path'
import type { DatasetConfig } from '../../config/schema.ts'
import type { Version } from '../../db/attempts/vendor-versions.ts'
import { invalidateCells } from '../../db/manifests/invalidate-cells.ts'
import type { NodeContext } from '../_catalog/context.ts'
import { type AdoptedLine, adoptedFile, appendAdopted } from '../_lake/adopted-manifest.ts'
import { digestKnownAs, isSameDigest, sha256OfFile } from '../_lake/digest.ts'
import { fileParts } from '../_lake/file-parts.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { fileSizes, listRawFiles, placesOn } from '../_lake/list-raw-files.ts'
import { appendManifest, type NewManifestLine, type SetAsideLine } from '../_lake/manifest.ts'
import { manifestFile, rawFile, rawFileParts } from '../_lake/paths.ts'
import type { RawPart } from '../_lake/raw-part.ts'
import { asRawPart } from '../_lake/stored-part.ts'
import { newestVintages } from '../_lake/vintages.ts'
import { distinctRows } from '../_lake/write-decision.ts'
import type { DatasetName } from '../_market/cell.ts'
import { invalidatedCell } from './replay-manifests.ts'
import { asideLine, writeAside } from './set-aside.ts'

/** A cell of which the lines do not say what the database knows, or of which a bad line spoke. */
export interface DoubtfulCell extends Version {
  /** False where the database knows nothing of the cell. */
  isKnown: boolean
  /** What its newest good line says: a digest, `lost`, `unread`, or nothing. */
  told: string | null
  /** Hashes of the file that bad lines of the cell stated. */
  shas: string[]
}

export interface Rewritten {
  lines: number
  /** Cells whose rows are not as any line or the database has them: gaps from now on. */
  lost: number
}

interface Of {
  vendor: string
  dataset: DatasetName
  spec: DatasetConfig
}

/** What a raw file holds of a cell. */
interface Held {
  file: string
  bytes: number
  parts: RawPart[]
}

/**
 * Under the same turn as the answers that are kept: no file changes meanwhile. The lines are written before the database is told of a loss.
 * Throws UnreadableFiles; nothing is written then.
 */
export async function rewriteLines(context: NodeContext, of: Of, cells: readonly DoubtfulCell[]): Promise<Rewritten> {
  const { vendor, dataset, spec } = of
  return withLock(`${context.lake.root} ${vendor} ${dataset}`, async () => {
    const held = await heldCells(context, of, cells)
    const present: NewManifestLine[] = []
    const unread: AdoptedLine[] = []
    const aside: SetAsideLine[] = []
    const hashes = new Map<string, string>()
    for (const cell of cells) {
      const found = held.get(cell) ?? null
      if (found && !hashes.has(found.file)) hashes.set(found.file, await sha256OfFile(found.file))
      const line = lineOf(context, of, cell, found, hashes)
      if (line === null) continue
      if ('verified' in line) unread.push(line)
      else if (line.verdict === 'set_aside') aside.push(line)
      else present.push(line)
    }
    const day = new Date(context.now()).toISOString().slice(0, 10)
    await appendManifest(manifestFile(context.lake.root, vendor, dataset, day), present)
    if (unread.length > 0) await appendAdopted(adoptedFile(context.lake.root, vendor, dataset, day), unread)
    await writeAside(context, vendor, dataset, aside)
    const lost = await invalidateCells(
      context.db,
      vendor,
      dataset,
      aside.map((line) => invalidatedCell(spec, line)),
      context.now(),
    )
    return { lines: present.length + unread.length + aside.length, lost }
  })
}

/** The line that is missing; null where there is nothing to say. */
function lineOf(
  context: NodeContext,
  { vendor, dataset, spec }: Of,
  cell: DoubtfulCell,
  held: Held | null,
  hashes: ReadonlyMap<string, string>,
): NewManifestLine | AdoptedLine | SetAsideLine | null {
  const { symbol, dt, at } = cell
  const { root } = context.lake
  const lost = (why: SetAsideLine['why']): SetAsideLine => {
    const path = held?.file ?? rawFile(root, vendor, dataset, spec.raw_layout, dt, symbol)
    const line = asideLine(context, dataset, dt, { symbol, vendor, at }, why, path)
    return cell.isLost ? { ...line, at: new Date(at).toISOString() } : line
  }
  if (cell.isLost) return cell.told === 'lost' ? null : lost(cell.isForgotten ? 'forgotten' : 'gone')
  // That files are gone is for the scrub and the rebuild to say: where a disk is not mounted, all of them seem to be.
  if (held === null) return null
  const path = relative(root, held.file)
  const now = new Date(context.now()).toISOString()
  if (cell.isKnown && cell.digest === null) {
    const { rows } = cell
    const verified = rows > 0 ? 'footers' : 'names'
    if (cell.told !== null && cell.told !== 'lost') return null
    return { dataset, symbol, dt, vendor, verified, rows: rows || null, path, bytes: held.bytes, adopted_at: now }
  }
  const { parts } = held
  const rows = parts.flatMap((part) => part.rows)
  const digest = digestKnownAs(cell.digest, newestVintages(rows))
  if (isSameDigest(digest, cell.digest) && isSameDigest(digest, cell.told)) return null
  const { provenance } = parts.reduce((a, b) => (b.provenance.fetchedAt > a.provenance.fetchedAt ? b : a))
  const line: NewManifestLine = {
    dataset,
    symbol,
    dt,
    vendor,
    feed: provenance.feed,
    adjustment: provenance.adjustment,
    rows: distinctRows(rows, spec.key),
    digest,
    previous: null,
    verdict: 'new',
    path,
    sha256: hashes.get(held.file)!,
    fetched_at: new Date(provenance.fetchedAt).toISOString(),
  }
  if (isSameDigest(digest, cell.digest)) return line
  // A version the database never heard of, in a file that is to the byte what a line said when it was written.
  const isVouchedFor = cell.shas.includes(line.sha256) || isSameDigest(cell.told, digest)
  if (isVouchedFor)
    return { ...line, verdict: cell.isKnown ? 'replaced' : 'new', previous: previousOf(cell), adopted_at: now }
  return cell.isKnown ? lost('damaged') : null
}

/** A line holds all digits, the database the first: null where no line has the others. */
const previousOf = ({ digest, told }: DoubtfulCell): string | null => (isSameDigest(digest, told) ? told : null)

/** Cells without rows in any file are not in the map. */
async function heldCells(
  context: NodeContext,
  of: Of,
  cells: readonly DoubtfulCell[],
): Promise<Map<DoubtfulCell, Held>> {
  const { vendor, dataset, spec } = of
  const { lake } = context
  const days = await listRawFiles(lake.root, vendor, dataset, [...new Set(cells.map(({ dt }) => dt))])
  const places = cells.map((cell) => ({
    cell,
    files: placesOn(lake.root, vendor, dataset, spec.raw_layout, cell.dt, days)(cell.symbol).files,
  }))
  const sizes = await fileSizes(places.flatMap(({ files }) => files))
  const held = new Map<DoubtfulCell, Held>()
  const byFile = new Map<string, DoubtfulCell[]>()
  for (const { cell, files } of places) {
    for (const file of files) if (sizes.has(file)) byFile.set(file, [...(byFile.get(file) ?? []), cell])
  }
  // A file at a time: those of minutes and options are large. A cell's own file counts before the one that symbols share.
  const isShared = (file: string): number => Number(rawFileParts(lake.root, file)?.symbol === null)
  for (const [file, wanted] of [...byFile].sort(([a], [b]) => isShared(a) - isShared(b))) {
    const parts = (await fileParts(lake, spec, [file])).get(file) ?? []
    for (const cell of wanted) {
      if (held.has(cell)) continue
      // As rows of their own: columns would keep the whole file in memory.
      const own = parts.filter(({ symbol }) => symbol === cell.symbol).map((part) => asRawPart(part, spec.columns))
      if (own.length > 0) held.set(cell, { file, bytes: sizes.get(file)!, parts: own })
    }
  }
  return held
}
