/**
 * Cells whose rows are not those that were delivered. A version that was once found so is compared with its digest at every judgement, in its raw file
 * and in the curated one, until both agree again; of the others a sample is, because hashes cannot tell of rows that were wrong before they were hashed.
 */
import type { DatasetConfig } from '../../config/schema.ts'
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import { listMarked } from '../../db/attempts/list-marked.ts'
import { findFinding } from '../../db/findings/find-finding.ts'
import { DAMAGED } from '../../db/lost-files/record-repaired.ts'
import { findPartition } from '../../db/partitions/find-partition.ts'
import type { PartitionWork } from '../../db/partitions/partitions.ts'
import { specOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { isDigestOfCell } from '../_lake/digest.ts'
import { readCellParts, readRawCells } from '../_lake/file-parts.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'
import type { RawPart } from '../_lake/raw-part.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { type CellName, type CuratedCell, readCuratedCells } from './curated-cells.ts'
import { showsTheRowsOf } from './shown-rows.ts'

export interface MarkedVersion extends CellName {
  vendor: string
  /** Are the rows of its raw file still others? A file that cannot be read proves nothing good. */
  isDamaged: boolean
}

/** The versions that stand refused because their rows were not those that were delivered. */
export async function markedVersions(node: Node, dataset: DatasetName, fromDt: Dt, toDt: Dt): Promise<MarkedVersion[]> {
  const marked = await listMarked(node.db, dataset, fromDt, toDt, DAMAGED)
  const versions: MarkedVersion[] = []
  for (const vendor of new Set(marked.map((cell) => cell.vendor))) {
    const cells = marked.filter((cell) => cell.vendor === vendor)
    const stored = await readRawCells(node.lake, specOf(node.config, dataset), dataset, vendor, cells).catch(() => null)
    for (const { symbol, dt, digest } of cells) {
      const rows = stored?.get(cellKey(symbol, dt)) ?? []
      const isDamaged = digest === null || !isDigestOfCell(rows, digest)
      versions.push({ vendor, symbol, dt, isDamaged })
    }
  }
  return versions
}

export const versionKey = (vendor: string, cell: CellKey): string => `${vendor} ${cell}`

export interface DifferingCell extends CellName {
  vendor: string
  /** The raw rows are others than those that were delivered, or only the curated ones are others than the raw. */
  differs: 'raw' | 'curated'
}

/** Cells of one query, and versions of one look into the raw files. */
const AT_ONCE = 100

/**
 * Those of the cells whose curated rows are not those that their vendor's digest was made of. `file` is the curated file of `work`. None when the
 * partition has changed since: the digests may be newer than the file then, and it will be judged again.
 */
export async function differingCells(
  node: Node,
  work: PartitionWork,
  file: string,
  cells: readonly CellName[],
): Promise<DifferingCell[]> {
  const dataset = work.dataset as DatasetName
  const differing: DifferingCell[] = []
  for (let from = 0; from < cells.length; from += AT_ONCE) {
    const part = cells.slice(from, from + AT_ONCE)
    const curated = await readCuratedCells(node.lake, specOf(node.config, dataset), file, part)
    const versions = new Map(
      (await listAttempts(node.db, dataset, part)).map((row) => [
        versionKey(row.vendor, cellKey(row.symbol, row.dt)),
        row,
      ]),
    )
    const doubtful = curated.flatMap((cell): DoubtfulCell[] => {
      const version = versions.get(versionKey(cell.vendor, cellKey(cell.symbol, cell.dt)))
      // What was adopted unread has no digest.
      const digest = version?.digest ?? null
      if (version === undefined || digest === null || isDigestOfCell(cell.rows, digest)) return []
      return [{ cell, version, digest }]
    })
    differing.push(...(await differingFromRaw(node, dataset, doubtful)))
  }
  if (differing.length === 0) return []
  return (await findPartition(node.db, dataset, work.partition))?.version === work.version ? differing : []
}

/** A cell whose curated rows have another digest. That may be right: see `showsTheRowsOf`. */
interface DoubtfulCell {
  cell: CuratedCell
  version: Attempt
  digest: string
}

async function differingFromRaw(
  node: Node,
  dataset: DatasetName,
  doubtful: readonly DoubtfulCell[],
): Promise<DifferingCell[]> {
  const spec = specOf(node.config, dataset)
  const differing: DifferingCell[] = []
  for (const vendor of new Set(doubtful.map(({ cell }) => cell.vendor))) {
    const own = doubtful.filter(({ cell }) => cell.vendor === vendor)
    const names = own.map(({ cell }) => cell)
    const stored = await readCellParts(node.lake, spec, dataset, vendor, names).catch(noneWhereUnreadable)
    for (const { cell, version, digest } of own) {
      const { symbol, dt } = cell
      const parts = stored.get(cellKey(symbol, dt)) ?? []
      // A later answer that is on the disk and that the database will hear of: its partition is then made again.
      if (parts.some(({ provenance }) => provenance.fetchedAt > version.at)) continue
      if (!isDelivered(spec, parts, digest)) differing.push({ symbol, dt, vendor, differs: 'raw' })
      else if (!showsTheRowsOf(spec, cell, parts)) differing.push({ symbol, dt, vendor, differs: 'curated' })
    }
  }
  return differing
}

/** Also where the digest is of a time when the dataset did not have one of its optional columns, and the file of an older node did. */
function isDelivered(spec: DatasetConfig, parts: readonly RawPart[], digest: string): boolean {
  const rows = parts.flatMap((part) => part.rows)
  const added = spec.columns.filter(({ optional }) => optional)
  return (
    isDigestOfCell(rows, digest) ||
    added.some(({ name }) =>
      isDigestOfCell(
        rows.map((row) => ({ ...row, [name]: null })),
        digest,
      ),
    )
  )
}

/**
 * Was any of them not found damaged by the judgement before? Its curated file is then made again: once, because a file that comes out wrong each time
 * would be made without end.
 */
export async function isAnyNew(
  node: Node,
  dataset: DatasetName,
  differing: readonly DifferingCell[],
): Promise<boolean> {
  for (const { symbol, dt } of differing) {
    const before = await findFinding(node.db, dataset, symbol, dt)
    if (!before?.flags.split(',').includes(DAMAGED)) return true
  }
  return false
}

function noneWhereUnreadable(error: unknown): Map<CellKey, RawPart[]> {
  if (error instanceof UnreadableFiles) return new Map()
  throw error
}
