/** Bars that change after the close: which accepted answers differ from what the node has, and by how much. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { digestRows } from '../_lake/digest.ts'
import type { AcceptedCell } from '../_lake/keep.ts'
import type { Lake } from '../_lake/lake.ts'
import { readRawCells } from '../_lake/raw-read.ts'
import { newestVintages } from '../_lake/vintages.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import { type Row, rowKey } from '../_market/row.ts'

/** The largest change of a bar's close and volume, relative to the value before; null when no bar with a value before is on both sides. */
export interface Moved {
  close: number | null
  volume: number | null
}

/**
 * How far the answers are from the rows on disk, for the cells the memory knows with another digest. To be called before they are
 * kept. A cell whose new rows are on disk already (an earlier run was killed after writing them) is left out: nobody can tell any more.
 */
export async function measureMoves(
  lake: Lake,
  spec: DatasetConfig,
  dataset: DatasetName,
  vendor: string,
  cells: readonly AcceptedCell[],
): Promise<Map<CellKey, Moved>> {
  const moved = new Map<CellKey, Moved>()
  const digests = new Map<AcceptedCell, string>()
  let hashed = 0
  for (const cell of cells) {
    if (cell.known === null) continue
    const digest = digestRows(newestVintages(cell.rows))
    if (digest !== cell.known) digests.set(cell, digest)
    // Digests of a whole answer would hold up every other request.
    if (++hashed % 200 === 0) await nextTurn()
  }
  if (digests.size === 0) return moved
  const changed = [...digests.keys()]
  const stored = await readRawCells(lake, spec, dataset, vendor, changed)
  for (const cell of changed) {
    const key = cellKey(cell.symbol, cell.dt)
    const before = stored.get(key)
    if (before && digestRows(newestVintages(before)) !== digests.get(cell))
      moved.set(key, movedBetween(before, cell.rows, spec.key))
  }
  return moved
}

/** Compares bars by the dataset's key; rows that are no bars do not move. */
export function movedBetween(before: readonly Row[], after: readonly Row[], barKey: readonly string[]): Moved {
  const old = new Map(before.flatMap((row) => ('ts' in row ? [[rowKey(row, barKey), row] as const] : [])))
  const moved: Moved = { close: null, volume: null }
  for (const row of after) {
    const was = 'ts' in row ? old.get(rowKey(row, barKey)) : undefined
    if (!('ts' in row) || !was) continue
    moved.close = larger(moved.close, was.close, row.close)
    moved.volume = larger(moved.volume, was.volume, row.volume)
  }
  return moved
}

function larger(most: number | null, before: number, after: number): number | null {
  if (before === 0) return most
  return Math.max(most ?? 0, Math.abs(after - before) / Math.abs(before))
}
