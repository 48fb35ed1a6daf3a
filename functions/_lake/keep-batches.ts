/** Cuts the work of keeping cells so that the files read and the rows written together fit into a Pi's memory. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { AcceptedCell } from './keep.ts'
import { fileSizes, type Place, placesOn, type RawDays } from './raw-days.ts'

/** A cell with those of its files that exist. */
export interface PlacedCell extends Place {
  cell: AcceptedCell
}

/** Compressed bytes read at once: about 30,000 rows, which also bounds how long the event loop stands still. */
const BATCH_BYTES = 2_000_000
const BATCH_ROWS = 50_000
const BATCH_CELLS = 5_000

/** Batches by ascending day. The cells of one day stay together, because they may share a file. */
export async function keepBatches(
  root: string,
  spec: DatasetConfig,
  dataset: DatasetName,
  vendor: string,
  cells: readonly AcceptedCell[],
  days: RawDays,
): Promise<PlacedCell[][]> {
  const byDay = new Map<string, { placeOf: (symbol: string) => Place; placed: PlacedCell[] }>()
  for (const cell of cells) {
    const day = byDay.get(cell.dt) ?? {
      placeOf: placesOn(root, vendor, dataset, spec.raw_layout, cell.dt, days),
      placed: [],
    }
    day.placed.push({ cell, ...day.placeOf(cell.symbol) })
    byDay.set(cell.dt, day)
  }
  const all = [...byDay.values()].flatMap(({ placed }) => placed)
  const sizes = await fileSizes(all.flatMap(({ files }) => files))
  for (const placed of all) placed.files = placed.files.filter((path) => sizes.has(path))
  const batches: PlacedCell[][] = []
  let batch: PlacedCell[] = []
  let [bytes, rows] = [0, 0]
  for (const dt of [...byDay.keys()].sort()) {
    const placed = byDay.get(dt)?.placed ?? []
    const files = new Set(placed.flatMap((one) => one.files))
    const moreBytes = [...files].reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0)
    const moreRows = placed.reduce((sum, { cell }) => sum + cell.rows.length, 0)
    const isFull =
      bytes + moreBytes > BATCH_BYTES || rows + moreRows > BATCH_ROWS || batch.length + placed.length > BATCH_CELLS
    if (batch.length > 0 && isFull) {
      batches.push(batch)
      batch = []
      bytes = 0
      rows = 0
    }
    batch.push(...placed)
    bytes += moreBytes
    rows += moreRows
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}
