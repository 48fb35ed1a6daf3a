/** Cuts the work of keeping cells so that the files read and the rows written together fit into a Pi's memory. */
import type { DatasetConfig } from '../../config/schema.ts'
import { cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { AcceptedCell } from './accepted-cell.ts'
import type { RecordedHashes } from './file-hashes.ts'
import { type FilePlace, fileSizes, listRawFiles, placesOn } from './list-raw-files.ts'
import { rawFileParts } from './paths.ts'

/** Cells of one day that have the same place, ascending by symbol, and those of their files that exist. */
export interface PlacedCells extends FilePlace {
  cells: AcceptedCell[]
  /** The place of each in the answer. */
  at: number[]
}

/** Compressed bytes read at once: about 15,000 rows. Two batches are at work at a time. */
const BATCH_BYTES = 1_000_000
const BATCH_ROWS = 25_000
const BATCH_CELLS = 2_500

/** The places of a day's cells in the answer, by ascending day and symbol. Throws for a cell without rows, unless it may be empty, and for one that comes twice. */
export function cellsByDay(cells: readonly AcceptedCell[], mayBeEmpty = false): Map<Dt, number[]> {
  const days = new Map<Dt, number[]>()
  for (let at = 0; at < cells.length; at++) {
    const { symbol, dt, rows } = cells[at]!
    if (rows.length === 0 && !mayBeEmpty) {
      throw new Error(
        `expected rows in the accepted cell ${cellKey(symbol, dt)}, got none: an empty answer is not kept`,
      )
    }
    const day = days.get(dt)
    if (day) day.push(at)
    else days.set(dt, [at])
  }
  const symbolAt = (at: number): string => cells[at]!.symbol
  for (const [dt, day] of days) {
    day.sort((a, b) => (symbolAt(a) < symbolAt(b) ? -1 : symbolAt(a) > symbolAt(b) ? 1 : 0))
    for (let i = 1; i < day.length; i++) {
      const symbol = symbolAt(day[i]!)
      if (symbol !== symbolAt(day[i - 1]!)) continue
      throw new Error(`expected each cell once, got ${cellKey(symbol, dt)} twice: merge the answers first`)
    }
  }
  return new Map([...days].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** Batches by ascending day. The cells of one day stay together, because they may share a file. */
export async function writeBatches(
  root: string,
  spec: DatasetConfig,
  dataset: DatasetName,
  vendor: string,
  cells: readonly AcceptedCell[],
  days: ReadonlyMap<Dt, readonly number[]>,
  hashes: RecordedHashes | null,
): Promise<PlacedCells[][]> {
  const found = await listRawFiles(root, vendor, dataset, [...days.keys()])
  const placed = [...days].map(([dt, day]) =>
    placedOn(cells, day, placesOn(root, vendor, dataset, spec.raw_layout, dt, found)),
  )
  if (spec.raw_layout !== 'date') await leaveCompacted(root, placed.flat(), hashes)
  const sizes = await fileSizes(placed.flatMap(filesOf))
  const batches: PlacedCells[][] = []
  let batch: PlacedCells[] = []
  let full = { bytes: 0, rows: 0, cells: 0 }
  for (const day of placed) {
    const more = { bytes: 0, rows: 0, cells: 0 }
    for (const path of filesOf(day)) more.bytes += sizes.get(path) ?? 0
    for (const { cells } of day) {
      more.cells += cells.length
      for (const { rows } of cells) more.rows += rows.length
    }
    const isFull =
      full.bytes + more.bytes > BATCH_BYTES ||
      full.rows + more.rows > BATCH_ROWS ||
      full.cells + more.cells > BATCH_CELLS
    if (batch.length > 0 && isFull) {
      batches.push(batch)
      batch = []
      full = { bytes: 0, rows: 0, cells: 0 }
    }
    for (const one of day) {
      // A process killed between making a folder and naming its file leaves the folder empty.
      one.files = one.files.filter((path) => sizes.has(path))
      batch.push(one)
    }
    full = { bytes: full.bytes + more.bytes, rows: full.rows + more.rows, cells: full.cells + more.cells }
  }
  if (batch.length > 0) batches.push(batch)
  return batches
}

/** The cells of a day, those that follow each other and have the same place together. */
function placedOn(
  cells: readonly AcceptedCell[],
  day: readonly number[],
  placeOf: (symbol: string) => FilePlace,
): PlacedCells[] {
  const placed: PlacedCells[] = []
  let place: FilePlace | undefined
  let here: PlacedCells | undefined
  for (const at of day) {
    const cell = cells[at]!
    const its = placeOf(cell.symbol)
    if (here === undefined || its !== place) {
      place = its
      here = { files: its.files, target: its.target, cells: [], at: [] }
      placed.push(here)
    }
    here.cells.push(cell)
    here.at.push(at)
  }
  return placed
}

/**
 * The file that a compacted day's symbols share holds nothing but versions that the database knows. So it need not be read for cells of which none is
 * known: years of a new symbol would read as many large files.
 */
async function leaveCompacted(
  root: string,
  placed: readonly PlacedCells[],
  hashes: RecordedHashes | null,
): Promise<void> {
  const isShared = (path: string): boolean => rawFileParts(root, path)?.symbol === null
  const unknown = placed.filter(({ cells }) => cells.every(({ known }) => known === null))
  const shared = [...new Set(unknown.flatMap(({ files }) => files.filter(isShared)))]
  if (shared.length === 0) return
  const compacted = (await hashes?.expected(shared)) ?? new Map<string, string>()
  for (const one of unknown) one.files = one.files.filter((path) => !compacted.has(path))
}

const filesOf = (placed: readonly PlacedCells[]): string[] => [...new Set(placed.flatMap(({ files }) => files))]
