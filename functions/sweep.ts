/** POST /sweep: forgets finished work that nobody will ask about any more, and keeps in short what nobody will ask again or append to. */
import { z } from 'zod'
import { compactRows } from '../db/empty-months/compact-rows.ts'
import { prune } from '../db/gap-tasks/prune.ts'
import { dropCallStats } from '../db/vendor-call-stats/call-stats.ts'
import { newYorkDt } from './_calendar/zone.ts'
import { datasetsOf } from './_catalog/catalog.ts'
import { badDecisionsText, readDecisions } from './_decisions/decisions.ts'
import { sweepSnapshots } from './_dispatch/intraday-snapshot.ts'
import { sweepPageCache } from './_dispatch/page-cache.ts'
import { AsOfBody, type FunctionAnswer } from './_http/handler.ts'
import type { Node } from './_http/node.ts'
import { sweepReplaced } from './_lake/replaced-bundles.ts'
import { compressManifests } from './_recovery/compress-manifests.ts'
import { packEvidence } from './_recovery/pack-evidence.ts'
import { findOutdated, removeOutdated } from './_retention/retention.ts'

export const SweepBody = AsOfBody.extend({
  /** Lists the files that would go, and removes nothing. */
  dryRun: z.boolean().default(false),
})

/** Cells that one call compacts, so that it stays short. */
const COMPACTED_PER_CALL = 50_000
/** Cells that one call packs: some seconds on a small machine. */
const PACKED_PER_CALL = 100_000

export async function sweep(node: Node, { dryRun }: z.output<typeof SweepBody>): Promise<FunctionAnswer> {
  if (dryRun) return { dryRun, ...(await findOutdated(node)), more: false, nextAt: null }
  const { more: hasOutdated, ...outdated } = await removeOutdated(node)
  const replaced = await sweepReplaced(node.exportRoot, node.now())
  const { removed, more: hasFinished } = await prune(node.db, node.now())
  const callStats = await dropCallStats(node.db, node.now())
  const datasets = datasetsOf(node.config).map(({ dataset }) => dataset)
  const { compacted, more: hasEmpty } = await compactRows(node.db, datasets, COMPACTED_PER_CALL)
  const { packed, more: hasSettled } = await packEvidence(node, PACKED_PER_CALL)
  const { files: manifests, more: hasManifests } = await compressManifests(node)
  const pages = await sweepPageCache(node.lake.root, node.now())
  const running = await sweepSnapshots(node.lake.root, newYorkDt(node.now()))
  const counts = { removed, callStats, compacted, packed, manifests, pages, running, replaced, ...outdated }
  node.log('sweep.pruned', counts)
  const badDecisions = badDecisionsText(node.lake.root, await readDecisions(node.lake.root))
  if (badDecisions !== null) node.log('sweep.decisions_unreadable', { error: badDecisions })
  const more = hasOutdated || hasFinished || hasEmpty || hasSettled || hasManifests
  return { ...counts, more, nextAt: null }
}
