/** The first work of a start: removes temp files, releases dead leases, and replays manifest lines that the database lacks. */
import { anyAttempt } from '../../db/attempts/any-attempt.ts'
import { assumeSpent } from '../../db/budgets/take-calls.ts'
import { reapAllLeases } from '../../db/gap-tasks/reap-leases.ts'
import { manifestMarks } from '../../db/manifests/manifests.ts'
import { releaseAllPartitions } from '../../db/partitions/partitions.ts'
import { repairClock } from '../../db/repair-clock.ts'
import { forgetRestored, isRestored } from '../_backup/restore-marks.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import { MAX_ATTEMPTS } from '../_dispatch/retry-policy.ts'
import type { Node } from '../_http/node.ts'
import { lineFiles } from '../_lake/line-files.ts'
import { trimTornTail } from '../_lake/manifest.ts'
import { sweepTemps } from '../_lake/sweep-temps.ts'
import { rebuild } from '../_recovery/rebuild.ts'
import { noteCutManifests, repairManifests } from '../_recovery/repair-manifests.ts'
import { replayAdopted } from '../_recovery/replay-adopted.ts'
import { replayManifests } from '../_recovery/replay-manifests.ts'

export interface Recovered {
  temps: number
  tornTails: number
  leases: number
  /** Cells whose answer was on disk but not in the database. */
  replayed: number
  /** Manifest lines that were lost or bad and were written again. */
  repaired: number
}

export const NOT_RECOVERED: Recovered = { temps: 0, tornTails: 0, leases: 0, replayed: 0, repaired: 0 }

export async function recover(node: Node): Promise<Recovered> {
  // First: what is given back below must not wait for an instant that never was.
  const { aheadMs, rows } = await repairClock(node.db, node.now())
  if (aheadMs > 0) node.log('start.clock_repaired', { aheadMs, rows })
  const recovered: Recovered = {
    temps: await sweepTemps(node.lake.root),
    tornTails: await trimTornTail(node.lake),
    // Only a process that owns the database alone knows that every earlier holder is dead.
    leases: node.db.exclusive ? await reapAllLeases(node.db, MAX_ATTEMPTS, node.now()) : 0,
    replayed: 0,
    repaired: 0,
  }
  if (node.db.exclusive) await releaseAllPartitions(node.db)
  // What the lost node sent since the backup, this database does not know.
  if (await isRestored(node.lake.root)) {
    await assumeBudgetsSpent(node)
    await forgetRestored(node.lake.root)
    node.log('start.restored', {})
  }
  // A database that knows nothing beside manifests that tell of answers: the one there was is lost.
  if (!(await anyAttempt(node.db)) && (await lineFiles(node.lake.root, 'manifest')).length > 0) {
    await assumeBudgetsSpent(node)
    const { restored, repaired } = await rebuild(node)
    node.log('start.recovered', { ...recovered, replayed: restored, repaired })
    return { ...recovered, replayed: restored, repaired }
  }
  await noteCutManifests(node)
  recovered.replayed = await replayNews(node)
  const repaired = await repairManifests(node)
  recovered.repaired = repaired.lines
  // What was written down again may be news to the database.
  if (repaired.lines > 0) recovered.replayed += await replayNews(node)
  node.log('start.recovered', { ...recovered })
  return recovered
}

/** What was sent in the last minute, and today, is forgotten with the database: no vendor may be sent too much for it. */
async function assumeBudgetsSpent({ db, vendors, now }: Node): Promise<void> {
  for (const connection of vendors) {
    for (const host of ['data', 'trading'] as const)
      await assumeSpent(db, limitsOf(connection, 'backfill', host), now())
  }
}

/** Replays what the manifests say beyond their marks. Returns how many cells that restored. */
async function replayNews(node: Node): Promise<number> {
  const marks = await manifestMarks(node.db)
  const after = (file: string): number => marks.get(file) ?? 0
  const { restored } = await replayManifests(node, after)
  return restored + (await replayAdopted(node, after))
}
