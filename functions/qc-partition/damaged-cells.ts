/**
 * Cells whose curated rows are not those that were delivered: hashes cannot tell of rows that curation wrote wrongly, or that were wrong before they were
 * hashed. Only the digest of what was delivered does.
 */
import type { DatasetConfig } from '../../config/schema.ts'
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import { findFinding } from '../../db/findings/find-finding.ts'
import { DAMAGED } from '../../db/lost-files/record-repaired.ts'
import { findPartition } from '../../db/partitions/find-partition.ts'
import type { PartitionWork } from '../../db/partitions/partitions.ts'
import { specOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { isDigestOfCell } from '../_lake/digest.ts'
import { readCellParts } from '../_lake/file-parts.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'
import type { RawPart } from '../_lake/raw-part.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import { type CellName, type CuratedCell, readCuratedCells } from './curated-cells.ts'
import { showsTheRowsOf } from './shown-rows.ts'

const versionKey = (vendor: string, cell: CellKey): string => `${vendor} ${cell}`

export interface DifferingCell extends CellName {
  vendor: string
  /** The raw rows are others than those that were delivered, or only the curated ones are others than the raw. */
  differs: 'raw' | 'curated'
  /** Does its version stand refused for that already? A new answer with other rows ends it. */
  isMarked: boolean
}

/** Cells of one query, and versions of one look into the raw files. */
const AT_ONCE = 100

/**
 * Those of the cells whose curated rows are not those that their vendor's digest was made of. `file` is the curated file of `work`. When the partition
 * has changed since, only cells that are marked already: the digests of others may be newer than the file, and it will be judged again.
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
  const isStale = (await findPartition(node.db, dataset, work.partition))?.version !== work.version
  return isStale ? differing.filter(({ isMarked }) => isMarked) : differing
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
      const isMarked = version.refusedFor?.split(',').includes(DAMAGED) ?? false
      // A later answer that is on the disk and that the database will hear of: its partition is then made again.
      const isLater = parts.some(({ provenance }) => provenance.fetchedAt > version.at)
      if (isLater && !isMarked) continue
      if (!isDelivered(spec, parts, digest)) differing.push({ symbol, dt, vendor, differs: 'raw', isMarked })
      else if (!showsTheRowsOf(spec, cell, parts)) differing.push({ symbol, dt, vendor, differs: 'curated', isMarked })
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
