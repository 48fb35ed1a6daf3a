/** Cuts the work of keeping cells so that the files read and the rows written together fit into a Pi's memory. */
import type { DatasetConfig } from '../../config/schema.ts'
import { cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { AcceptedCell } from './keep.ts'
import { fileSizes, type Place, placesOn, rawDays } from './raw-days.ts'

/** A cell with its place in the answer, and those of its files that exist. */
export interface PlacedCell extends Place {
  cell: AcceptedCell
  at: number
}

/** Compressed bytes read at once: about 15,000 rows. Two batches are at work at a time. */
const BATCH_BYTES = 1_000_000
const BATCH_ROWS = 25_000
const BATCH_CELLS = 2_500

/** The cells by ascending day, each with its place in the answer. Throws for a cell without rows and for one that comes twice. */
export function cellsByDay(cells: readonly AcceptedCell[]): Map<Dt, { cell: AcceptedCell; at: number }[]> {
  const days = new Map<Dt, { cell: AcceptedCell; at: number }[]>()
  for (const [at, cell] of cells.entries()) {
    if (cell.rows.length === 0) {
      const key = cellKey(cell.symbol, cell.dt)
      throw new Error(`expected rows in the accepted cell ${key}, got none: an empty answer is not kept`)
    }
    const day = days.get(cell.dt)
    if (day) day.push({ cell, at })
    else days.set(cell.dt, [{ cell, at }])
  }
  for (const day of days.values()) {
    const seen = new Set<string>()
    for (const { cell } of day) {
      const { symbol, dt } = cell
      if (seen.has(symbol)) {
        throw new Error(`expected each cell once, got ${cellKey(symbol, dt)} twice: merge the answers first`)
      }
      seen.add(symbol)
    }
  }
  return new Map([...days].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Batches by ascending day. The cells of one day stay together, because they may share a file. */
export async function keepBatches(
  root: string,
  spec: DatasetConfig,
  dataset: DatasetName,
  vendor: string,
  days: ReadonlyMap<Dt, readonly { cell: AcceptedCell; at: number }[]>,
): Promise<PlacedCell[][]> {
  const found = await rawDays(root, vendor, dataset, [...days.keys()])
  const placedOn = [...days].map(([dt, cells]) => {
    const placeOf = placesOn(root, vendor, dataset, spec.raw_layout, dt, found)
    return cells.map(({ cell, at }): PlacedCell => {
      const { files, target } = placeOf(cell.symbol)
      return { cell, at, files, target }
    })
  })
  const sizes = await fileSizes(placedOn.flatMap((placed) => filesOf(placed)))
  const batches: PlacedCell[][] = []
  let batch: PlacedCell[] = []
  let [bytes, rows] = [0, 0]
  for (const placed of placedOn) {
    const moreBytes = filesOf(placed).reduce((sum, path) => sum + (sizes.get(path) ?? 0), 0)
    const moreRows = placed.reduce((sum, { cell }) => sum + cell.rows.length, 0)
    const isFull =
      bytes + moreBytes > BATCH_BYTES || rows + moreRows > BATCH_ROWS || batch.length + placed.length > BATCH_CELLS
    if (batch.length > 0 && isFull) {
      batches.push(batch)
      batch = []
      bytes = 0
      rows = 0
    }
    for (const one of placed) {
      // A process killed between making a folder and naming its file leaves the folder empty.
      if (one.files.length > 0) one.files = one.files.filter((path) => sizes.has(path))
      batch.push(one)
    }
    bytes += moreBytes
    rows += moreRows
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

const filesOf = (placed: readonly PlacedCell[]): string[] => [...new Set(placed.flatMap(({ files }) => files))]
