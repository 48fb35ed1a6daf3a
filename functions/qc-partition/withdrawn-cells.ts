/** Cells of events with what their vendors withdrew. */
import { listAccepted } from '../../db/attempts/list-accepted.ts'
import type { PartitionWork } from '../../db/partitions/partitions.ts'
import { type GoneStatement, goneStatements } from '../_actions/gone-statements.ts'
import { specOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { rawFilesOf } from '../_lake/list-raw-files.ts'
import { UnreadableFiles } from '../_lake/query-raw.ts'
import { type CellKey, cellKey, DatasetName } from '../_market/cell.ts'
import { partitionDays } from '../_market/partition.ts'
import type { ExpectedCell } from './measure-request.ts'

/**
 * A cell of which every action was withdrawn or has moved has no row, and its source says so. One that has others keeps them. What has moved is stated
 * still, and counts as no withdrawal.
 */
export async function withWithdrawn(
  node: Node,
  { dataset: name, partition }: PartitionWork,
  cells: readonly ExpectedCell[],
): Promise<ExpectedCell[]> {
  const dataset = DatasetName.parse(name)
  const { fromDt, toDt } = partitionDays(partition)
  const accepted = await listAccepted(node.db, dataset, fromDt, toDt)
  const files = await rawFilesOf(node.lake.root, dataset, partition)
  const gone = await goneStatements(
    node.lake,
    specOf(node.config, dataset),
    files,
    accepted.map(({ vendor, symbol, dt }) => [vendor, symbol, dt] as const),
  ).catch(noneWhereUnreadable)
  const withdrawn = new Map<CellKey, number>()
  for (const { symbol, dt, moved_to } of gone)
    withdrawn.set(cellKey(symbol, dt), (withdrawn.get(cellKey(symbol, dt)) ?? 0) + (moved_to === null ? 1 : 0))
  return cells.map((cell) => {
    const count = withdrawn.get(cellKey(cell.symbol, cell.dt))
    return count === undefined ? cell : { ...cell, present: false, reason: 'SOURCE_SAYS_NONE', withdrawn: count }
  })
}

/** Curation finds damaged files, and repairs them; until then their cells are judged by what is curated. */
function noneWhereUnreadable(error: unknown): GoneStatement[] {
  if (error instanceof UnreadableFiles) return []
  throw error
}
