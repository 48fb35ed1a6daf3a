/** Makes room on a disk that runs full: litter of dead processes, samples of bad answers, finished work, replaced bundles. No data and no evidence is touched. */
import { prune } from '../../db/gap-tasks/prune.ts'
import { dropSamples } from '../../db/quarantine/drop-samples.ts'
import { dropCallStats } from '../../db/vendor-call-stats/call-stats.ts'
import { newYorkDt } from '../_calendar/zone.ts'
import { sweepSnapshots } from '../_dispatch/intraday-snapshot.ts'
import { sweepPageCache } from '../_dispatch/page-cache.ts'
import type { Node } from '../_http/node.ts'
import { sweepReplaced } from '../_lake/replaced-bundles.ts'
import { sweepTemps } from '../_lake/sweep-temps.ts'

/** Calls of the pruning of the queue: each is one short write. */
const MOST_WRITES = 50
const SAMPLES_KEPT = 50

export async function pruneDisk(node: Node): Promise<void> {
  const { db, lake, log } = node
  const now = node.now()
  const temps = await sweepTemps(lake.root, { isOwnSpared: true })
  let rows = 0
  for (let writes = 0; writes < MOST_WRITES; writes++) {
    const { removed, more } = await prune(db, now)
    rows += removed
    if (!more) break
  }
  rows += await dropCallStats(db, now)
  const samples = await dropSamples(db, SAMPLES_KEPT)
  const pages = await sweepPageCache(lake.root, now)
  const running = await sweepSnapshots(lake.root, newYorkDt(now))
  // A puller that was half-way through one begins with its successor.
  const bundles = await sweepReplaced(node.exportRoot, Number.POSITIVE_INFINITY)
  log('disk.pruned', { temps, rows, samples, pages, running, bundles })
}
