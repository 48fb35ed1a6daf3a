/** POST /sweep: forgets finished work that nobody will ask about any more. */
import { prune } from '../db/gap-tasks/prune.ts'
import { dropCallStats } from '../db/vendor-call-stats/call-stats.ts'
import { newYorkDt } from './_calendar/zone.ts'
import { sweepSnapshots } from './_dispatch/intraday-snapshot.ts'
import { sweepPageCache } from './_dispatch/page-cache.ts'
import { AsOfBody, type FunctionAnswer } from './_http/handler.ts'
import type { Node } from './_http/node.ts'

export const SweepBody = AsOfBody

export async function sweep(node: Node): Promise<FunctionAnswer> {
  const { removed, more } = await prune(node.db, node.now())
  const callStats = await dropCallStats(node.db, node.now())
  const pages = await sweepPageCache(node.lake.root, node.now())
  const running = await sweepSnapshots(node.lake.root, newYorkDt(node.now()))
  node.log('sweep.pruned', { removed, callStats, pages, running })
  return { removed, callStats, pages, running, more, nextAt: null }
}
