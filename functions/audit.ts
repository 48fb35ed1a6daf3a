/** POST /audit: expected minus known. Queues gaps, due re-checks and due re-readings, says why cells must wait, marks partitions to rebuild and retires unwanted ones. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { z } from 'zod'
import type { DatasetConfig } from '../config/schema.ts'
import { dueAbsences } from '../db/absences/absences.ts'
import { dropUnexpected } from '../db/gap-tasks/drop-unexpected.ts'
import { enqueueTasks } from '../db/gap-tasks/enqueue-tasks.ts'
import { openDatasets } from '../db/gap-tasks/open-datasets.ts'
import { redriveStalled } from '../db/gap-tasks/redrive-stalled.ts'
import { reorderQueue } from '../db/gap-tasks/reorder-queue.ts'
import { listShares } from '../db/liquidity/liquidity.ts'
import { judgeByRuleset } from '../db/partitions/judge-again.ts'
import { expectPartitions, retirePartitions, unexpectedPartitions } from '../db/partitions/partitions.ts'
import { recordScrub } from '../db/scrubs/scrubs.ts'
import { closeRefused } from './_audit/close-refused.ts'
import { checkCalendars } from './_audit/compare-calendars.ts'
import { gradeAbsences } from './_audit/grade-absences.ts'
import { type About, newTask, queueRereads } from './_audit/queue-gaps.ts'
import { openPlaces, placesOf } from './_audit/queue-places.ts'
import { queueUpTo } from './_audit/refill-queue.ts'
import { datasetsOf } from './_catalog/catalog.ts'
import { servableBy } from './_catalog/servable.ts'
import { fillMissingDays } from './_condition/fill-days.ts'
import { isMachineFault } from './_dispatch/machine-fault.ts'
import { asofAt, expectedPartitions, lookBackFrom, symbolRanges } from './_expected/expected.ts'
import { currentOutlook } from './_forecast/outlook.ts'
import { AsOfBody, type FunctionResult } from './_http/handler.ts'
import type { Node } from './_http/node.ts'
import type { DatasetName } from './_market/cell.ts'
import type { Dt } from './_market/dt.ts'
import { rebuild } from './_recovery/rebuild.ts'
import { noteCutManifests, repairManifests } from './_recovery/repair-manifests.ts'
import { type Scrubbed, scrub } from './_recovery/scrub.ts'
import { scrubManifests } from './_recovery/scrub-manifests.ts'

export const AuditBody = AsOfBody.extend({
  /** Rebuilds the database from manifests and file names instead of comparing it with the expected cells. */
  rebuild: z.boolean().default(false),
})

const DAY_MS = 86_400_000
const LAST_DAY = '9999-12-31'

export interface Audited extends FunctionResult {
  asof: Dt
  expected: number
  /** Expected cells neither present nor explained, as far as looked at. */
  gaps: number
  enqueued: number
  rechecks: number
  /** Absences that got a more exact reason from what is known around them. */
  named: number
  /** Sessions that a large share of the universe lacks, and those that turned up again. */
  incidents: number
  cleared: number
  /** Present cells that are asked for again. */
  rereads: number
  /** Tasks for cells nobody expects any more. */
  dropped: number
  /** Raw files read to see whether they still can be, and cells whose file was gone or could not be: gaps from now on. */
  scrubbed: number
  lost: number
  /** Partitions whose expected cells changed. */
  touched: number
  /** Partitions without any expected cell, now out of the ledger. */
  retired: number
  /** False, with the reasons, where a dataset could not be looked at. */
  ok?: false
  error?: string
}

export const auditOrRebuild = async (node: Node, body: z.output<typeof AuditBody>): Promise<FunctionResult & object> =>
  body.rebuild ? { ...(await rebuild(node)), more: false, nextAt: null } : await audit(node, body)

export async function audit(node: Node, { at = node.now() }: { at?: number | undefined }): Promise<Audited> {
  const asof = asofAt(at)
  const audited: Audited = {
    asof,
    expected: 0,
    gaps: 0,
    enqueued: 0,
    rechecks: 0,
    named: 0,
    incidents: 0,
    cleared: 0,
    rereads: 0,
    dropped: 0,
    scrubbed: 0,
    lost: 0,
    touched: 0,
    retired: 0,
    more: false,
    nextAt: null,
  }
  const wanted: { dataset: string; partition: string }[] = []
  const failures: string[] = []
  /** What is wrong with one dataset must not keep the others from being looked at. */
  const apart = async (what: string, work: () => Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      failures.push(`${what}: ${error instanceof Error ? error.message : error}`)
      node.log('audit.dataset_failed', { what, error })
    }
  }
  await apart('manifests', async () => {
    // One that was cut or removed under the running node gets its lines back while the database still knows them.
    await noteCutManifests(node)
    await scrubManifests(node, Math.floor(at / DAY_MS))
    await repairManifests(node)
  })
  await apart('ruleset', async () => {
    await judgeByRuleset(node.db, node.config.qc.ruleset)
  })
  await apart('verdicts by day', async () => {
    await fillMissingDays(node)
  })
  const datasets = datasetsOf(node.config)
  const open = await openPlaces(node)
  let room = Math.max(0, node.config.maxOpenTasks - datasets.reduce((sum, { dataset }) => sum + open(dataset).all, 0))
  for (const [place, { dataset, spec }] of datasets.entries()) {
    await apart(dataset, async () => {
      const night = Math.floor(at / DAY_MS)
      const bytesPerNight = node.config.scrub.bytes_per_night ?? null
      const scrubbed = await scrub(node, { dataset, spec, bytesPerNight, canBeServed: servableBy(node) }, night)
      await noteScrub(node, dataset, night, scrubbed)
      audited.scrubbed += scrubbed.files
      audited.lost += scrubbed.lost
    })
    await apart(dataset, async () => {
      // An equal share of what is left: no dataset fills the queue before the others were looked at. What it does not need is theirs.
      const share = Math.ceil(room / (datasets.length - place))
      room -= share - (await auditDataset(node, { dataset, spec }, at, asof, share, { audited, wanted }))
    })
  }
  await apart('datasets that are not configured', async () => {
    for (const dataset of await openDatasets(node.db)) {
      if (dataset in node.config.datasets) continue
      audited.dropped += await dropUnexpected(node.db, dataset, [], LAST_DAY, node.now())
    }
  })
  // Of a dataset that failed nobody knows what is wanted.
  if (failures.length === 0) audited.retired = await retireUnwanted(node, wanted, asof)
  node.log('audit.completed', { ...audited })
  if (audited.enqueued > 0) await logOutlook(node)
  await checkCalendars(node, asof)
  return failures.length === 0 ? audited : { ...audited, ok: false, error: failures.join('; ') }
}

/** The audit of one dataset; `room` is what the queue still has. Returns what it has then. */
async function auditDataset(
  node: Node,
  { dataset, spec }: { dataset: DatasetName; spec: DatasetConfig },
  at: number,
  asof: Dt,
  before: number,
  { audited, wanted }: { audited: Audited; wanted: { dataset: string; partition: string }[] },
): Promise<number> {
  let room = before
  const partitions = expectedPartitions(node.config, spec, asof)
  audited.expected += partitions.reduce((sum, { cells }) => sum + cells, 0)
  wanted.push(...partitions.map(({ partition }) => ({ dataset, partition })))
  audited.touched += await expectPartitions(node.db, dataset, partitions, node.now())

  await yieldToEventLoop()
  const ranges = symbolRanges(node.config, spec, asof)
  const shares = await listShares(node.db, dataset, node.config.qc.completeness.baseline_sessions)
  const about: About = { dataset, spec, asof, shares }
  const concluded = await gradeAbsences(node, dataset, spec, ranges, asof)
  audited.named += concluded.named
  audited.incidents += concluded.incidents
  audited.cleared += concluded.cleared

  // A changed policy holds for what is queued already, too.
  await reorderQueue(node.db, dataset, spec.backfill.order === 'newest-first')
  const allowed = spec.backfill.max_tasks_per_run ?? null
  const most = Math.min(room, allowed ?? room)
  const { gaps, places, enqueued } = await queueUpTo(node, about, at, room, allowed)
  audited.gaps += gaps

  const due = await dueAbsences(node.db, dataset, node.now(), Math.max(0, most - places), lookBackFrom(spec, asof))
  const rechecks = due.map(({ symbol, dt }) => newTask(about, symbol, dt, 'recheck', node.now()))
  const redriven = await redriveStalled(node.db, dataset, node.now())
  const rechecked = redriven + (await enqueueTasks(node.db, dataset, rechecks, node.now()))
  await yieldToEventLoop()
  audited.dropped += await dropUnexpected(node.db, dataset, ranges, asof, node.now())
  audited.enqueued += enqueued
  audited.rechecks += rechecked
  const refused = await closeRefused(node, dataset)
  room = Math.max(0, room - places - placesOf(spec, rechecked - refused))
  const rereads = await queueRereads(node, about, at, room)
  audited.rereads += rereads
  room -= placesOf(spec, rereads)
  return room
}

/** What the configuration will cost, before it does. A forecast that fails is no fault of the audit. */
async function logOutlook(node: Node): Promise<void> {
  try {
    node.log('audit.backlog_foreseen', { ...(await currentOutlook(node)) })
  } catch (error) {
    if (isMachineFault(error)) throw error
    node.log('audit.forecast_failed', { error })
  }
}

/** A budget too small for what is due leaves files unread for longer than anybody would think. */
async function noteScrub(node: Node, dataset: DatasetName, night: number, scrubbed: Scrubbed): Promise<void> {
  const { dueFiles, dueBytes, files, bytes } = scrubbed
  await recordScrub(node.db, { dataset, night, dueFiles, dueBytes, files, bytes })
  if (files < dueFiles) node.log('audit.scrub_behind', { dataset, dueFiles, dueBytes, files, bytes })
}

/** Takes partitions that hold no expected cell any more out of the ledger and the bundles; their files and what is known of them stay. */
async function retireUnwanted(node: Node, wanted: { dataset: string; partition: string }[], asof: Dt): Promise<number> {
  const found = await unexpectedPartitions(node.db, wanted)
  // A clock that is behind, or an audit of an earlier evening, knows nothing of what came later.
  const unwanted = found.filter(
    ({ dataset, partition }) => !(dataset in node.config.datasets) || partition <= asof.slice(0, partition.length),
  )
  return await retirePartitions(node.db, unwanted, node.now())
}
