/** The versions of a partition's cells: the one that wins each, by the same order as curation, and the one it is compared with. */
import { type Accepted, listAccepted } from '../../db/attempts/list-accepted.ts'
import { listContested } from '../../db/attempts/list-contested.ts'
import { listRefused, listRefusedVersions } from '../../db/attempts/list-refused.ts'
import { preferenceOrder } from '../_catalog/catalog.ts'
import { houseOf } from '../_catalog/house-of.ts'
import { exceptReleased } from '../_decisions/except-released.ts'
import type { Node } from '../_http/node.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { type SecondVersion, secondVersions, versionKey } from './second-version.ts'

export interface DeliveredVersions {
  winners: ReadonlyMap<CellKey, Accepted>
  seconds: SecondVersion[]
}

export async function deliveredVersions(
  node: Node,
  dataset: DatasetName,
  fromDt: Dt,
  toDt: Dt,
): Promise<DeliveredVersions> {
  const order = preferenceOrder(node.config, dataset)
  const keyOf = ({ vendor, symbol, dt }: { vendor: string; symbol: string; dt: Dt }) => versionKey(vendor, symbol, dt)
  const refused = await exceptReleased(
    node,
    dataset,
    { fromDt, toDt },
    await listRefused(node.db, dataset, fromDt, toDt),
  )
  const barred = new Set(refused.map(keyOf))
  const accepted = await listAccepted(node.db, dataset, fromDt, toDt)
  const mayWin = accepted.filter((row) => !barred.has(keyOf(row)))
  mayWin.sort((a, b) => order.indexOf(b.vendor) - order.indexOf(a.vendor))
  const winners = new Map(mayWin.map((row) => [cellKey(row.symbol, row.dt), row]))
  const everRefused = await listRefusedVersions(node.db, dataset, fromDt, toDt)
  const contested = await listContested(node.db, dataset, fromDt, toDt)
  const rankOf = ({ vendor }: { vendor: string }): number =>
    order.includes(vendor) ? order.indexOf(vendor) : order.length
  const best = contested
    .filter((row) => !barred.has(keyOf(row)))
    .sort((a, b) => rankOf(b) - rankOf(a) || (a.vendor < b.vendor ? 1 : -1))
  const first = new Map(best.map((row) => [cellKey(row.symbol, row.dt), row]))
  const seconds = secondVersions(contested, first, {
    order,
    refused: new Map(everRefused.map((row) => [keyOf(row), row.refusedFor])),
    houseOf: (vendor) => houseOf(node, vendor),
  })
  return { winners, seconds }
}
