/** Keeping accepted answers: raw files first, then the manifest, so that whatever is written down is on the disk. */
import { basename, dirname, relative } from 'node:path'
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Provenance, Row } from '../_market/row.ts'
import { ByteWriter } from '../_parquet/thrift-writer.ts'
import type { AcceptedCell } from './accepted-cell.ts'
import { confirmDurable, writeFilesAtomic } from './atomic.ts'
import { isSameDigest, sha256, sha256OfFile } from './digest.ts'
import { eachBounded } from './disk.ts'
import { encodeRows } from './encode.ts'
import { DamagedFiles, isExpected, type RecordedHashes } from './file-hashes.ts'
import { fileParts } from './file-parts.ts'
import { withLock } from './keyed-lock.ts'
import type { Lake } from './lake.ts'
import { appendLines, type Verdict } from './manifest.ts'
import { endOfLines, lineWriter, type ManifestCell } from './manifest-lines.ts'
import { manifestFile } from './paths.ts'
import type { FilePart, RawPart } from './raw-part.ts'
import { type Asking, withStatements } from './statements.ts'
import { asRawPart } from './stored-part.ts'
import { withVintages } from './vintages.ts'
import { cellsByDay, type PlacedCells, writeBatches } from './write-batches.ts'
import { type Decision, decide } from './write-decision.ts'

export interface StoredCell {
  symbol: string
  dt: Dt
  verdict: Verdict
  /** Distinct rows by the dataset's key now on disk. */
  rows: number
  /** Digest of the rows now on disk; of yields, of the newest vintage of each series. */
  digest: string
  /** Digest of the rows that were on disk before, null when there were none. */
  previous: string | null
}

/** What became of one cell, and which file tells. */
interface Settled extends ManifestCell {
  known: string | null
  path: string
  /** What the file holds of the cell once the decision is carried out, when that is new. */
  parts: RawPart[]
}

/**
 * Keeps the accepted answers of one vendor for cells of one dataset, and returns in the order given what became of each. Rows in a file are
 * sorted by symbol and, within a symbol, stand as served; a yield that is revised stands behind the vintages it had.
 * A cell that is on disk in a file of its own stays there. Where cells have files of their own, a change of one that lies in a file that its day's
 * symbols share is written beside it, where it counts before that: such a file is large, and compaction takes the change into it.
 * When the promise resolves, files and manifest lines are on the disk. When it rejects (DiskError; an Error for a row that cannot be stored;
 * or DamagedFiles where `hashes` knows other bytes of a file that is to be merged), every file is whole, old or new; asking again heals: what was written counts as `same`, and its line is written because `known` differs.
 * A `same` cell that the database knows writes nothing at all. With `asking`, the answer is complete and about events: what it lacks is marked as
 * withdrawn, and a cell without rows may be among its cells (one of which nothing is on disk writes nothing, and comes back with no rows).
 */
export async function writeCells(
  lake: Lake,
  spec: DatasetConfig,
  dataset: DatasetName,
  provenance: Provenance,
  cells: AcceptedCell[],
  hashes: RecordedHashes | null = null,
  asking: Asking | null = null,
): Promise<StoredCell[]> {
  const days = cellsByDay(cells, asking !== null)
  // Symbols of a day share a file: two calls that read, merge and write it at once would lose the rows of one of them.
  return withLock(`${lake.root} ${provenance.vendor} ${dataset}`, async () => {
    const kept = new Array<StoredCell>(cells.length)
    const batches = await writeBatches(lake.root, spec, dataset, provenance.vendor, cells, days, hashes)
    const manifestCells = new Array<Uint8Array>(batches.length)
    // No two batches touch the same file: while one waits for the disk, the other is made ready.
    await eachBounded(batches, 2, async (batch, at) => {
      manifestCells[at] = await keepBatch({ lake, spec, dataset, provenance, hashes, asking }, batch, kept)
    })
    // One append for the whole answer: killed before it, the answer is asked for again as it was; half of it would leave a
    // scatter of cells that costs many calls.
    const day = new Date(provenance.fetchedAt).toISOString().slice(0, 10)
    await appendLines(manifestFile(lake.root, provenance.vendor, dataset, day), manifestCells)
    return kept
  })
}

interface Writing {
  lake: Lake
  spec: DatasetConfig
  dataset: DatasetName
  provenance: Provenance
  hashes: RecordedHashes | null
  asking: Asking | null
}

/** The parts of the files that are merged. Rows of a damaged file must not travel into a new one, whose hash would vouch for them. */
async function storedParts(
  lake: Lake,
  spec: DatasetConfig,
  files: readonly string[],
  hashes: RecordedHashes | null,
): Promise<Map<string, FilePart[]>> {
  const expected = (await hashes?.expected(files)) ?? new Map<string, string>()
  const damaged: string[] = []
  const stored = await fileParts(lake, spec, files, (path, bytes) => {
    if (expected.has(path) && !isExpected(sha256(bytes), expected.get(path))) damaged.push(path)
  })
  if (damaged.length > 0) throw new DamagedFiles(damaged.sort())
  return stored
}

/** Writes the files of a batch and notes in `kept` what became of each cell; answers the lines for the manifest. */
async function keepBatch(
  { lake, spec, dataset, provenance, hashes: recorded, asking }: Writing,
  batch: readonly PlacedCells[],
  kept: StoredCell[],
): Promise<Uint8Array> {
  const stored = await storedParts(lake, spec, [...new Set(batch.flatMap(({ files }) => files))], recorded)
  const bySymbol = new Map([...stored].map(([path, parts]) => [path, partsBySymbol(parts)]))
  const settled: Settled[] = []
  for (const placed of batch) {
    for (const [i, cell] of placed.cells.entries()) {
      const one = settle(cell, placed, bySymbol, { provenance, spec, asking })
      settled.push(one)
      const { verdict, rows, digest, previous } = one.decision
      kept[placed.at[i]!] = { symbol: cell.symbol, dt: cell.dt, verdict, rows, digest, previous }
      // Digests of a whole batch would hold up every other request.
      if (settled.length % 200 === 0) await yieldToEventLoop()
    }
  }
  const hashes = await writeChanged(spec, stored, settled)

  const manifestCells = settled.filter(
    ({ decision, known }) =>
      decision.rows > 0 && (decision.verdict !== 'same' || !isSameDigest(known, decision.digest)),
  )
  // Written by an earlier process that may not have lived to sync it, nor to write the line.
  const untouched = [...new Set(manifestCells.map(({ path }) => path))].filter((path) => !hashes.has(path))
  if (untouched.length > 0) await confirmDurable(untouched)
  await eachBounded(untouched, 4, async (path) => {
    hashes.set(path, await sha256OfFile(path))
  })
  await recorded?.wrote(hashes)
  const fetchedAt = new Date(provenance.fetchedAt).toISOString()
  const ends = new Map([...hashes].map(([path, sha]) => [path, endOfLines(relative(lake.root, path), sha, fetchedAt)]))
  const lineOf = lineWriter(dataset, provenance.vendor)
  // Line by line: a text of thousands of pieces costs more to put together.
  const lines = new ByteWriter()
  for (const one of manifestCells) lines.utf8(lineOf(one, ends.get(one.path)!))
  const bytes = lines.taken()
  lines.release()
  return bytes
}

/** Does a day's folder hold the file itself, for all of its symbols? */
const isOfDay = (path: string): boolean => basename(dirname(path)).startsWith('date=')

function partsBySymbol(parts: readonly FilePart[]): Map<string, FilePart[]> {
  const found = new Map<string, FilePart[]>()
  for (const part of parts) {
    const own = found.get(part.symbol)
    if (own) own.push(part)
    else found.set(part.symbol, [part])
  }
  return found
}

function settle(
  { symbol, dt, rows: answer, known, difference = null }: AcceptedCell,
  { files, target }: PlacedCells,
  stored: Map<string, Map<string, FilePart[]>>,
  { provenance, spec, asking }: Pick<Writing, 'provenance' | 'spec' | 'asking'>,
): Settled {
  let path = target
  let old: RawPart[] = []
  for (const file of files) {
    const found = stored.get(file)?.get(symbol)
    if (found === undefined) continue
    old = found.map((part) => asRawPart(part, spec.columns))
    path = file
    break
  }
  const part = { symbol, provenance, rows: answer }
  const parts = partsOf(old, part, spec, asking)
  // A withdrawn event is kept, so an answer about events never has fewer rows than there are.
  const decision = decide(rowsOf(old), asking === null ? answer : rowsOf(parts), rowsOf(parts), spec.key, known)
  const origin = isWritten(decision) || old.length === 0 ? provenance : newestOf(old)
  // Only then is the target another file: that of the cell alone.
  if (spec.raw_layout !== 'date' && isWritten(decision) && isOfDay(path)) path = target
  const isMeasured = decision.verdict !== 'same' && isSameDigest(decision.previous, known)
  return { symbol, dt, origin, decision, difference: isMeasured ? difference : null, known, path, parts }
}

function partsOf(old: readonly RawPart[], answer: RawPart, { key }: DatasetConfig, asking: Asking | null): RawPart[] {
  if (asking !== null) return withStatements(old, answer, key, asking)
  return old.length === 0 ? [answer] : withVintages(old, answer)
}

const newestOf = (parts: readonly RawPart[]): Provenance =>
  parts.map(({ provenance }) => provenance).reduce((a, b) => (b.fetchedAt > a.fetchedAt ? b : a))

/** Nearly every cell has one part: a million copies of one row are spared. */
const rowsOf = (parts: readonly RawPart[]): readonly Row[] =>
  parts.length === 1 ? parts[0]!.rows : parts.flatMap(({ rows }) => rows)

const isWritten = ({ verdict }: Decision): boolean => verdict === 'new' || verdict === 'replaced'

/** Writes every file that has a new or replaced cell, with the other symbols' rows as they are. Returns sha256 by path. */
async function writeChanged(
  spec: DatasetConfig,
  stored: Map<string, FilePart[]>,
  settled: readonly Settled[],
): Promise<Map<string, string>> {
  const changes = new Map<string, Settled[]>()
  for (const one of settled) {
    if (!isWritten(one.decision)) continue
    const cells = changes.get(one.path)
    if (cells) cells.push(one)
    else changes.set(one.path, [one])
  }
  const hashes = new Map<string, string>()
  const files = [...changes].map(([path, cells]) => ({
    path,
    isThere: stored.has(path),
    bytes: async () => {
      const parts: FilePart[] = othersThan(cells, stored.get(path) ?? [])
      for (const one of cells) parts.push(...one.parts)
      parts.sort((a, b) => (a.symbol < b.symbol ? -1 : a.symbol > b.symbol ? 1 : 0))
      const bytes = await encodeRows(spec.columns, parts)
      hashes.set(path, sha256(bytes))
      return bytes
    },
  }))
  await writeFilesAtomic(files)
  return hashes
}

/** The parts of a file that stay as they are. */
function othersThan(cells: readonly Settled[], parts: readonly FilePart[]): FilePart[] {
  if (parts.length === 0) return []
  const changed = new Set(cells.map(({ symbol }) => symbol))
  return parts.filter(({ symbol }) => !changed.has(symbol))
}
