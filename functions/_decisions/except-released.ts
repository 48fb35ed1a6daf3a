/** A version that a person released is not passed over: neither a refusal of QC nor another vendor's version undoes what a person decided. */
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { listCellCorrections } from '../../db/corrections/list-cell-corrections.ts'
import type { Node } from '../_http/node.ts'
import { isSameDigest } from '../_lake/digest.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Dt } from '../_market/dt.ts'
import { effectOf, readDecisions } from './decisions.ts'

interface Refused {
  vendor: string
  symbol: string
  dt: Dt
}

/** The refusals as they apply: of a cell with a released version those of all its other versions, of any other cell those that were given. */
export async function exceptReleased(
  node: Pick<Node, 'db' | 'lake'>,
  dataset: DatasetName,
  { fromDt, toDt }: { fromDt: Dt; toDt: Dt },
  refused: readonly Refused[],
): Promise<Refused[]> {
  const decisions = [...((await readDecisions(node.lake.root)).byDataset.get(dataset)?.values() ?? [])]
  const released = decisions.filter(({ decision, dt }) => decision === 'release' && dt >= fromDt && dt <= toDt)
  if (released.length === 0) return [...refused]
  const byCell = new Map(released.map((decision) => [cellKey(decision.symbol, decision.dt), decision]))
  const versions = (await listAttempts(node.db, dataset, released)).filter(({ digest }) => digest !== null)
  const isReleased = ({ symbol, dt, digest }: (typeof versions)[number]): boolean =>
    effectOf(byCell.get(cellKey(symbol, dt)), digest) === 'release'
  const pinned = new Set<CellKey>()
  for (const { symbol, dt, digest } of versions.filter(isReleased)) {
    // What a vendor has corrected since is another matter: of the new rows the person knew nothing.
    const corrections = await listCellCorrections(node.db, dataset, symbol, dt)
    const isCorrected = corrections.some((one) => one.verdict === 'replaced' && isSameDigest(one.previous, digest))
    if (!isCorrected) pinned.add(cellKey(symbol, dt))
  }
  const others = versions.filter((version) => pinned.has(cellKey(version.symbol, version.dt)) && !isReleased(version))
  return [
    ...refused.filter(({ symbol, dt }) => !pinned.has(cellKey(symbol, dt))),
    ...others.map(({ vendor, symbol, dt }) => ({ vendor, symbol, dt })),
  ]
}
