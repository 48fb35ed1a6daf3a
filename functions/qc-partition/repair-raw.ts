/** Asks again for cells whose raw rows are not those that were delivered. Where no vendor can serve them any more they stay, marked and held. */
import { specOf } from '../_catalog/catalog.ts'
import { servableBy } from '../_catalog/servable.ts'
import type { Node } from '../_http/node.ts'
import { filesOfCells } from '../_lake/file-parts.ts'
import type { DatasetName } from '../_market/cell.ts'
import { repairFiles } from '../_recovery/repair-files.ts'
import type { CellName } from './curated-cells.ts'

/** Returns how many cells became gaps. What a killed process left is done by the next judgement: the cells are marked by then. */
export async function repairRaw(
  node: Node,
  dataset: DatasetName,
  cells: readonly (CellName & { vendor: string })[],
): Promise<number> {
  const canBeServed = servableBy(node)
  const lost = cells.filter(({ dt }) => canBeServed(dataset, dt))
  const paths = new Set<string>()
  for (const vendor of new Set(lost.map((cell) => cell.vendor))) {
    const own = lost.filter((cell) => cell.vendor === vendor)
    const files = await filesOfCells(node.lake, specOf(node.config, dataset), dataset, vendor, own)
    for (const path of [...files.values()].flat()) paths.add(path)
  }
  return (await repairFiles(node, [...paths].sort(), canBeServed, 'rows')).lost
}
