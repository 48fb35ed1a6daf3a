/** Reconciles files that a holder wrote after its lease had expired: where another version was settled meanwhile, that is a correction. */
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { isSameDigest } from '../_lake/digest.ts'
import type { StoredCell } from '../_lake/write-cells.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { replayManifests } from '../_recovery/replay-manifests.ts'
import type { Claim } from './claim.ts'

/** Replays manifest lines that the database has not seen, as a start does. A cell that is not settled yet is left to the holder of its lease. */
export async function reconcileLateFiles(
  context: DispatchContext,
  claim: Claim,
  stored: ReadonlyMap<CellKey, StoredCell>,
): Promise<void> {
  const known = await listAttempts(context.db, claim.dataset, claim.plan.wants)
  const isOvertaken = known.some(({ vendor, symbol, dt, digest }) => {
    const written = stored.get(cellKey(symbol, dt))
    return (
      vendor === claim.source.connection.name &&
      digest !== null &&
      written !== undefined &&
      !isSameDigest(written.digest, digest)
    )
  })
  if (!isOvertaken) return
  const marks = await manifestMarks(context.db)
  await replayManifests(context, (file) => marks.get(file) ?? 0)
}
