/** What the manifests say last of the cells of some days: the second witness where a file is not what the database expects. */
import type { Lake } from '../_lake/lake.ts'
import { type CellEntry, isOfCell, readManifests } from '../_lake/manifest.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'

export interface NewestLines {
  byCell: Map<CellKey, CellEntry>
  /** Paths, relative to the root, with each hash that a cell's newest line, or the newest compaction of their day, gives them. */
  hashes: Set<string>
}

export const hashOfPath = (path: string, sha256: string): string => `${sha256} ${path}`

/** Reads all manifests of one vendor's dataset: seconds for a large one, and only where damage was found. */
export async function newestLines(
  lake: Lake,
  vendor: string,
  dataset: DatasetName,
  dts: ReadonlySet<Dt>,
): Promise<NewestLines> {
  const byCell = new Map<CellKey, CellEntry>()
  const compacted = new Map<string, string>()
  const isWanted = (path: string): boolean => path.split(/[\\/]/).slice(-3, -1).join('/') === `${vendor}/${dataset}`
  for await (const { lines } of readManifests(lake, (path) => (isWanted(path) ? 0 : Number.POSITIVE_INFINITY))) {
    for (const line of lines) {
      if (!dts.has(line.dt)) continue
      if (isOfCell(line)) byCell.set(cellKey(line.symbol, line.dt), line)
      else compacted.set(line.path, line.sha256)
    }
  }
  const hashes = new Set([...compacted].map(([path, sha256]) => hashOfPath(path, sha256)))
  for (const { path, sha256 } of byCell.values()) if (sha256 !== undefined) hashes.add(hashOfPath(path, sha256))
  return { byCell, hashes }
}
