/** Which cells one judgement compares with their digests. Pure. */
import type { PartitionWork } from '../../db/partitions/partitions.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { CellName } from './curated-cells.ts'
import type { ExpectedCell } from './measure-request.ts'
import { sampleOf } from './sample.ts'

/** The sample of this version, and every cell that was once found damaged: a sample that it is not in must not clear it. */
export function cellsToCompare(
  { dataset, partition, version }: PartitionWork,
  cells: readonly ExpectedCell[],
  accepted: ReadonlyMap<CellKey, { rows: number }>,
  marked: readonly CellName[],
): CellName[] {
  const known = cells.filter(({ digest }) => digest !== null)
  const rowsOf = ({ symbol, dt }: CellName): number => accepted.get(cellKey(symbol, dt))?.rows ?? 0
  const sample = sampleOf(known, `${dataset} ${partition}`, version, rowsOf)
  if (marked.length === 0) return sample
  const once = new Set(marked.map(({ symbol, dt }) => cellKey(symbol, dt)))
  return [...new Set([...sample, ...known.filter(({ symbol, dt }) => once.has(cellKey(symbol, dt)))])]
}
