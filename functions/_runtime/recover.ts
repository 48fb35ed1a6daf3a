/** What a start does before anything else: clears litter, gives dead leases back, and replays manifest lines the memory missed. */
import { distrustClock } from '../../db/budgets/distrust-clock.ts'
import { reapAllLeases } from '../../db/gap-tasks/reap-leases.ts'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import { releaseAllPartitions } from '../../db/partitions/partitions.ts'
import { MAX_ATTEMPTS } from '../_dispatch/verdict.ts'
import { trimTornTail } from '../_lake/manifest.ts'
import { sweepTemps } from '../_lake/sweep-temps.ts'
import { replayAdopted } from '../_recovery/replay-adopted.ts'
import { replayManifests } from '../_recovery/replay-manifests.ts'
import type { Node } from './node.ts'

export interface Recovered {
  temps: number
  tornTails: number
  leases: number
  /** Cells whose answer was on disk but not in the database. */
  replayed: number
}

export async function recover(node: Node): Promise<Recovered> {
  const recovered: Recovered = {
    temps: await sweepTemps(node.lake.root),
    tornTails: await trimTornTail(node.lake),
    // Only a process that owns the database alone knows that every earlier holder is dead.
    leases: node.db.exclusive ? await reapAllLeases(node.db, MAX_ATTEMPTS, node.now()) : 0,
    replayed: 0,
  }
  await distrustClock(node.db, node.now())
  if (node.db.exclusive) await releaseAllPartitions(node.db)
  const marks = await manifestMarks(node.db)
  const after = (file: string): number => marks.get(file) ?? 0
  const { restored } = await replayManifests(node, after)
  recovered.replayed = restored + (await replayAdopted(node, after))
  node.log('start.recovered', { ...recovered })
  return recovered
}
