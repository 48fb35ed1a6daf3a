/** The rows of an answer on their way to the disk, beside what the memory knows of their cells. */
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { DamagedFiles } from '../_lake/file-hashes.ts'
import { type AcceptedCell, type KeptCell, keepCells } from '../_lake/keep.ts'
import { UnreadableFiles } from '../_lake/raw-read.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { adjustmentOf } from '../_market/row.ts'
import { hashBook } from '../_recovery/hash-book.ts'
import { mendFiles } from '../_recovery/mend-files.ts'
import { setAsideDamaged } from '../_recovery/set-aside.ts'
import type { Claim } from './claim.ts'
import type { Desk } from './desk.ts'
import type { CellOutcome } from './outcomes.ts'
import { type Restated, restatedCells } from './restated.ts'
import { servableBy } from './servable.ts'

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
  const book = hashBook(desk, claim.dataset)
  const write = async () => {
    const restated = await restatedCells(desk.lake, claim.spec, claim.dataset, vendor, cells)
    for (const [at, cell] of cells.entries()) cell.difference = restated.get(keys[at]!)?.difference ?? null
    const kept = await keepCells(desk.lake, claim.spec, claim.dataset, provenance, cells, book)
    return { kept: new Map(kept.map((cell, at) => [keys[at]!, cell])), restated }
  }
  for (;;) {
    try {
      return await write()
    } catch (error) {
      // The answer is paid for: a file that is damaged must not cost it. Each is settled once, so that this ends.
      if ((await healed(desk, error)) === 0) throw error
    }
  }
}

/** How many files stood in the way and do no longer. */
async function healed(desk: Desk, error: unknown): Promise<number> {
  if (error instanceof UnreadableFiles) return (await setAsideDamaged(desk, error.paths)).files
  if (error instanceof DamagedFiles) return (await mendFiles(desk, error.paths, servableBy(desk))).files
  return 0
}
