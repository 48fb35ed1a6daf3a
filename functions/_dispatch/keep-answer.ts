/** The rows of an answer on their way to the disk, beside what the memory knows of their cells. */
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { type AcceptedCell, type KeptCell, keepCells } from '../_lake/keep.ts'
import { UnreadableFiles } from '../_lake/raw-read.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { adjustmentOf } from '../_market/row.ts'
import { setAsideDamaged } from '../_recovery/set-aside.ts'
import type { Claim } from './claim.ts'
import type { Desk } from './desk.ts'
import type { CellOutcome } from './outcomes.ts'
import { type Restated, restatedCells } from './restated.ts'

/** Writes the rows of answered cells; the raw file and its manifest line are on disk before anything is settled. */
export async function keep(
  desk: Desk,
  claim: Claim,
  outcomes: readonly CellOutcome[],
  known: readonly Attempt[],
): Promise<{ kept: Map<CellKey, KeptCell>; restated: Map<CellKey, Restated> }> {
  const vendor = claim.server.seat.name
  const digests = new Map<CellKey, string | null>()
  for (const row of known) if (row.vendor === vendor) digests.set(cellKey(row.symbol, row.dt), row.digest)
  const cells: AcceptedCell[] = []
  const keys: CellKey[] = []
  for (const { want, key, outcome, rows } of outcomes) {
    if (outcome !== 'filled' && outcome !== 'short') continue
    const { symbol, dt } = want
    cells.push({ symbol, dt, rows, known: digests.get(key) ?? null, difference: null })
    keys.push(key)
  }
  if (cells.length === 0) return { kept: new Map(), restated: new Map() }
  const adjustment = adjustmentOf(claim.spec.expected_rows)
  const provenance = { vendor, feed: claim.plan.feed, adjustment, fetchedAt: desk.now() }
  const write = async () => {
    const restated = await restatedCells(desk.lake, claim.spec, claim.dataset, vendor, cells)
    for (const [at, cell] of cells.entries()) cell.difference = restated.get(keys[at]!)?.difference ?? null
    const kept = await keepCells(desk.lake, claim.spec, claim.dataset, provenance, cells)
    return { kept: new Map(kept.map((cell, at) => [keys[at]!, cell])), restated }
  }
  try {
    return await write()
  } catch (error) {
    // The answer is paid for: a file that cannot be read any more must not cost it.
    if (!(error instanceof UnreadableFiles) || (await setAsideDamaged(desk, error.paths)).files === 0) throw error
    return await write()
  }
}
