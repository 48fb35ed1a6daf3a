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
  const days = await listRawFiles(lake.root, vendor, dataset, [...new Set(cells.map(({ dt }) => dt))])
  const places = cells.map((cell) => ({
    cell,
    files: placesOn(lake.root, vendor, dataset, spec.raw_layout, cell.dt, days)(cell.symbol).files,
  }))
  const sizes = await fileSizes(places.flatMap(({ files }) => files))
  const parts = await fileParts(lake, spec, [...sizes.keys()].sort())
  const rows = new Map<CellKey, Row[]>()
  for (const { cell, files } of places) {
    for (const path of files) {
      const own = (parts.get(path) ?? [])
        .filter((part) => part.symbol === cell.symbol)
        .flatMap((part) => asRawPart(part, spec.columns).rows)
      if (own.length === 0) continue
      rows.set(cellKey(cell.symbol, cell.dt), own)
      break
    }
  }
  return rows
}
