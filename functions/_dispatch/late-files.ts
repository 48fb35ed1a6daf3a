/** A holder whose lease had passed on may have written files all the same: where others had settled another version, that is a correction. */
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import type { KeptCell } from '../_lake/keep.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { replayManifests } from '../_recovery/replay-manifests.ts'
import type { Claim } from './claim.ts'
import type { Desk } from './desk.ts'

/** Reads what the manifests say beyond the memory, as a start does. A cell nobody has settled yet is left to whoever holds it now. */
export async function noticeLateFiles(desk: Desk, claim: Claim, kept: ReadonlyMap<CellKey, KeptCell>): Promise<void> {
  const known = await listAttempts(desk.db, claim.dataset, claim.plan.wants)
  const isOvertaken = known.some(({ vendor, symbol, dt, digest }) => {
    const written = kept.get(cellKey(symbol, dt))
    return vendor === claim.server.seat.name && digest !== null && written !== undefined && written.digest !== digest
  })
  if (!isOvertaken) return
  const marks = await manifestMarks(desk.db)
  await replayManifests(desk, (file) => marks.get(file) ?? 0)
}
