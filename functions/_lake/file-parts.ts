/** Raw files as parts again, whoever wrote them: our own by reading their bytes, all others by a query. */
import { readFile } from 'node:fs/promises'
import type { DatasetConfig } from '../../config/schema.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Row } from '../_market/row.ts'
import { eachBounded } from './disk.ts'
import { rawSchema } from './encode.ts'
import type { Lake } from './lake.ts'
import { fileSizes, listRawFiles, placesOn } from './list-raw-files.ts'
import { queryRawParts } from './query-raw.ts'
import type { FilePart, RawPart } from './raw-part.ts'
import { asRawPart, readOwnParts } from './stored-part.ts'

const READ_AT_ONCE = 8
/** Compressed; as columns they are six times as large. */
const BYTES_AT_ONCE = 16_000_000

/** The parts of raw files by path, in file order; `look` sees the bytes of each. Throws UnreadableFiles for damaged ones. */
export async function fileParts(
  lake: Lake,
  spec: DatasetConfig,
  files: readonly string[],
  look: (path: string, bytes: Buffer) => void = () => undefined,
): Promise<Map<string, FilePart[]>> {
  const parts = new Map<string, FilePart[]>(files.map((path) => [path, []]))
  const schema = rawSchema(spec.columns)
  const foreign: string[] = []
  await eachBounded(files, READ_AT_ONCE, async (path) => {
    // What cannot even be opened is for DuckDB to judge as well: whose fault it is, the file's or the machine's.
    const bytes = await readFile(path).catch(() => null)
    if (bytes !== null) look(path, bytes)
    const own = bytes === null ? null : readOwnParts(bytes, schema)
    if (own === null) foreign.push(path)
    else parts.set(path, own)
  })
  for (const [path, found] of await queryRawParts(lake, spec, foreign.sort())) parts.set(path, found)
  return parts
}

/** The same with all rows as objects. */
export async function readRawParts(
  lake: Lake,
  spec: DatasetConfig,
  files: readonly string[],
): Promise<Map<string, RawPart[]>> {
  const parts = await fileParts(lake, spec, files)
  return new Map([...parts].map(([path, list]) => [path, list.map((part) => asRawPart(part, spec.columns))]))
}

/** The stored rows of a vendor's cells, in file order; a cell without rows is not in the map. Finds both layouts. */
export async function readRawCells(
  lake: Lake,
  spec: DatasetConfig,
  dataset: DatasetName,
  vendor: string,
  cells: readonly { symbol: string; dt: Dt }[],
): Promise<Map<CellKey, Row[]>> {
  const parts = await readCellParts(lake, spec, dataset, vendor, cells)
  return new Map([...parts].map(([key, own]) => [key, own.flatMap(({ rows }) => rows)]))
}

/** The same with where each row came from. */
export async function readCellParts(
  lake: Lake,
  spec: DatasetConfig,
  dataset: DatasetName,
  vendor: string,
  cells: readonly { symbol: string; dt: Dt }[],
): Promise<Map<CellKey, RawPart[]>> {
  const places = await filesOfCells(lake, spec, dataset, vendor, cells)
  const found = new Map<CellKey, RawPart[]>()
  let left = cells.map(({ symbol, dt }) => ({ symbol, key: cellKey(symbol, dt) }))
  // Nearly every cell is found in the first of its files: the large ones that symbols share are read for the others.
  for (let at = 0; left.length > 0; at++) {
    const wanted = new Map<string, typeof left>()
    for (const cell of left) {
      const path = places.get(cell.key)?.[at]
      if (path !== undefined) wanted.set(path, [...(wanted.get(path) ?? []), cell])
    }
    if (wanted.size === 0) break
    for (const paths of await readTogether([...wanted.keys()].sort())) {
      const parts = await fileParts(lake, spec, paths)
      for (const path of paths) {
        for (const { symbol, key } of wanted.get(path) ?? []) {
          const own = (parts.get(path) ?? [])
            .filter((part) => part.symbol === symbol)
            .map((part) => asRawPart(part, spec.columns))
            .filter(({ rows }) => rows.length > 0)
          if (own.length > 0) found.set(key, own)
        }
      }
    }
    left = left.filter(({ key }) => !found.has(key) && (places.get(key)?.length ?? 0) > at + 1)
  }
  return found
}

/** Files cut so that what is read at once fits into memory, whatever shares them. */
async function readTogether(paths: readonly string[]): Promise<string[][]> {
  const sizes = await fileSizes(paths)
  const groups: string[][] = []
  let bytes = 0
  for (const path of paths) {
    const size = sizes.get(path) ?? 0
    const group = groups.at(-1)
    if (group === undefined || bytes + size > BYTES_AT_ONCE) {
      groups.push([path])
      bytes = size
    } else {
      group.push(path)
      bytes += size
    }
  }
  return groups
}

/** The files that are there and in which a vendor's cells may lie, in either layout: the first that holds the cell counts. */
export async function filesOfCells(
  lake: Lake,
  spec: DatasetConfig,
  dataset: DatasetName,
  vendor: string,
  cells: readonly { symbol: string; dt: Dt }[],
): Promise<Map<CellKey, string[]>> {
  const days = await listRawFiles(lake.root, vendor, dataset, [...new Set(cells.map(({ dt }) => dt))])
  const places = cells.map(({ symbol, dt }) => ({
    key: cellKey(symbol, dt),
    files: placesOn(lake.root, vendor, dataset, spec.raw_layout, dt, days)(symbol).files,
  }))
  const sizes = await fileSizes(places.flatMap(({ files }) => files))
  return new Map(places.map(({ key, files }) => [key, files.filter((path) => sizes.has(path))]))
}
