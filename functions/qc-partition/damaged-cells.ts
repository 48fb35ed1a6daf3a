/**
 * Versions whose rows are not those that were delivered. A raw file's hash, which curation has just compared, vouches for the digests of its cells; a
 * cell of a file that failed it and was kept all the same is marked, and its digest is computed from its rows here, each time, until they agree again.
 */
import { listMarked } from '../../db/attempts/list-marked.ts'
import { DAMAGED } from '../../db/lost-files/record-repaired.ts'
import { specOf } from '../_catalog/catalog.ts'
import type { Node } from '../_http/node.ts'
import { digestRows } from '../_lake/digest.ts'
import { readRawCells } from '../_lake/file-parts.ts'
import { newestVintages } from '../_lake/vintages.ts'
import { cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import type { Row } from '../_market/row.ts'

/** `vendor symbol dt` of each damaged version. A file that cannot be read proves nothing good: its cells stay marked. */
export async function damagedVersions(node: Node, dataset: DatasetName, fromDt: Dt, toDt: Dt): Promise<Set<string>> {
  const marked = await listMarked(node.db, dataset, fromDt, toDt, DAMAGED)
  const damaged = new Set<string>()
  for (const vendor of new Set(marked.map((cell) => cell.vendor))) {
    const cells = marked.filter((cell) => cell.vendor === vendor)
    const stored = await readRawCells(node.lake, specOf(node.config, dataset), dataset, vendor, cells).catch(() => null)
    for (const { symbol, dt, digest } of cells) {
      const key = cellKey(symbol, dt)
      if (digest === null || digestOf(stored?.get(key) ?? []) !== digest) damaged.add(versionKey(vendor, key))
    }
  }
  return damaged
}

export const versionKey = (vendor: string, cell: string): string => `${vendor} ${cell}`

function digestOf(rows: readonly Row[]): string | null {
  try {
    return digestRows(newestVintages(rows))
  } catch {
    return null
  }
}
