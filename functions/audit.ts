/** POST /audit: expected minus known. Queues gaps, due re-checks and due re-readings, says why cells must wait, marks partitions to rebuild and forgets unwanted ones. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { z } from 'zod'
import type { DatasetConfig } from '../config/schema.ts'
import { type Absence, dueAbsences, explainAbsences } from '../db/absences/absences.ts'
import { dueRereads } from '../db/attempts/due-rereads.ts'
import { countOpenTasks } from '../db/gap-tasks/count-tasks.ts'
import { dropUnexpected } from '../db/gap-tasks/drop-unexpected.ts'
import { endRereads } from '../db/gap-tasks/end-rereads.ts'
import { enqueueTasks, type NewTask } from '../db/gap-tasks/enqueue-tasks.ts'
import { redriveStalled } from '../db/gap-tasks/redrive-stalled.ts'
import { turnQueue } from '../db/gap-tasks/turn-queue.ts'
import { listShares } from '../db/liquidity/liquidity.ts'
import { expectPartitions, forgetPartitions, unexpectedPartitions } from '../db/partitions/partitions.ts'
import { firstReached } from './_dispatch/absent-by-rule.ts'
import { checkCalendars } from './_dispatch/calendar-check.ts'
import { conclude } from './_dispatch/conclude.ts'
import { datasetsOf, preferenceOrder, serversOf } from './_dispatch/desk.ts'
import { gapsInOrder } from './_dispatch/gaps-in-order.ts'
import { servedFrom } from './_dispatch/reach.ts'
import { explainRefused } from './_dispatch/refused.ts'
import { asofAt, expectedPartitions, expectedRows, livesOf, lookBackFrom } from './_expected/expected.ts'
import { openWindows } from './_expected/restate.ts'
import { dropFragment } from './_ledger/ledger.ts'
import { DatasetName } from './_market/cell.ts'
import { type Dt, maxDt } from './_market/dt.ts'
import { rebuild } from './_recovery/rebuild.ts'
import { type Ending, Night } from './_runtime/door.ts'
import type { Node } from './_runtime/node.ts'

export const AuditBody = Night.extend({
  /** Rebuilds the memory from manifests and file names instead of comparing it with what is expected. */
  rebuild: z.boolean().default(false),
})

/** The queue holds a working set; what does not fit is found again by a later audit. */
const MAX_OPEN_TASKS = 250_000
/** Tasks of one write: some 30 ms. */
const TASKS_PER_WRITE = 6_000
const PRIORITY_TODAY = 100
/** A day's bar costs a hundredth of its minutes and says most of it: days come first. */
const PRIORITY_DAYS = 10
const PRIORITY_MINUTES = 0
/** What is missing comes before what may have changed. */
const PRIORITY_REREAD = -10

export interface Audited extends Ending {
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
  /** Partitions whose expected cells changed. */
  touched: number
  /** Partitions without any expected cell, now out of the ledger. */
  forgotten: number
}

/** What a dataset's part of the audit is about. */
interface About {
  dataset: DatasetName
  spec: DatasetConfig
  asof: Dt
  /** Share of a session's minutes in which each symbol usually trades, where that is known. */
  shares: ReadonlyMap<string, number>
}

export const auditOrRebuild = async (node: Node, body: z.output<typeof AuditBody>): Promise<Ending & object> =>
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
    touched: 0,
    forgotten: 0,
    more: false,
    nextAt: null,
  }
  const wanted: { dataset: string; partition: string }[] = []
  let room = Math.max(0, MAX_OPEN_TASKS - (await countOpenTasks(node.db)))
  for (const { dataset, spec } of datasetsOf(node.config)) {
    const partitions = expectedPartitions(node.config, spec, asof)
    audited.expected += partitions.reduce((sum, { cells }) => sum + cells, 0)
    wanted.push(...partitions.map(({ partition }) => ({ dataset, partition })))
    audited.touched += await expectPartitions(node.db, dataset, partitions, node.now())

    await nextTurn()
    const lives = livesOf(node.config, spec, asof)
    const shares = await listShares(node.db, dataset, node.config.qc.completeness.baseline_sessions)
    const about: About = { dataset, spec, asof, shares }
    const concluded = await conclude(node, dataset, spec, lives, asof)
    audited.named += concluded.named
    audited.incidents += concluded.incidents
    audited.cleared += concluded.cleared

    // A changed policy holds for what is queued already, too.
    await turnQueue(node.db, dataset, spec.backfill.order === 'newest-first')
    const most = Math.min(room, spec.backfill.max_tasks_per_run ?? room)
    const { gaps, enqueued } = await queueGaps(node, about, most)
    audited.gaps += gaps

    const due = await dueAbsences(node.db, dataset, node.now(), Math.max(0, most - enqueued), lookBackFrom(spec, asof))
    const rechecks = due.map(({ symbol, dt }) => newTask(about, symbol, dt, 'recheck', node.now()))
    const redriven = await redriveStalled(node.db, dataset, node.now())
    const rechecked = redriven + (await enqueueTasks(node.db, dataset, rechecks, node.now()))
    await nextTurn()
    audited.dropped += await dropUnexpected(node.db, dataset, lives, asof, node.now())
    audited.enqueued += enqueued
    audited.rechecks += rechecked
    const refused = await explainRefused(node, dataset)
    room = Math.max(0, room - enqueued - rechecked + refused)
    const rereads = await queueRereads(node, about, at, room)
    audited.rereads += rereads
    room -= rereads
  }
  audited.forgotten = await forgetUnwanted(node, wanted, asof)
  node.log('audit.compared', { ...audited })
  await checkCalendars(node, asof)
  return audited
}

/** Queues the present cells whose data may have been corrected since they were read, each for the vendor it came from. Answers how many. */
async function queueRereads(
  node: Node,
  { dataset, spec, asof, shares }: About,
  at: number,
  limit: number,
): Promise<number> {
  const askable = serversOf(node, dataset).map(({ seat }) => seat.name)
  await endRereads(node.db, dataset, askable, node.now())
  const due = await dueRereads(node.db, {
    dataset,
    windows: openWindows(spec, at),
    lives: livesOf(node.config, spec, asof),
    preferred: preferenceOrder(node.config, dataset),
    askable,
    now: node.now(),
    limit,
  })
  const tasks = due.map(
    ({ symbol, dt, vendor }): NewTask => ({
      symbol,
      dt,
      lane: 'backfill',
      priority: PRIORITY_REREAD,
      expectedRows: expectedRows(spec, symbol, dt, shares.get(symbol)),
      reason: 're_read',
      nextAt: node.now(),
      vendor,
    }),
  )
  return await enqueueTasks(node.db, dataset, tasks, node.now())
}

/** Takes partitions that hold no expected cell any more out of the ledger; their curated files stay. */
async function forgetUnwanted(node: Node, wanted: { dataset: string; partition: string }[], asof: Dt): Promise<number> {
  const found = await unexpectedPartitions(node.db, wanted)
  // A clock that is behind, or an audit of an earlier evening, knows nothing of what came later.
  const unwanted = found.filter(
    ({ dataset, partition }) => !(dataset in node.config.datasets) || partition <= asof.slice(0, partition.length),
  )
  // The verdicts go first: once the row is gone nobody would look for them again.
  for (const { dataset, partition } of unwanted) {
    await dropFragment(node.lake, DatasetName.parse(dataset), partition)
  }
  return await forgetPartitions(node.db, unwanted)
}

/**
 * Queues the gaps some vendor can fill, in the order of the dataset, and says of those that are too recent that they are. Days before every vendor's
 * history are absent by rule and cost no task. Slice by slice: what was queued stays queued when the rest is not reached.
 */
async function queueGaps(node: Node, about: About, limit: number): Promise<{ gaps: number; enqueued: number }> {
  const { dataset, spec, asof } = about
  const queued = { gaps: 0, enqueued: 0 }
  const servers = serversOf(node, dataset)
  const reached = firstReached(node, dataset)
  if (reached === null || limit === 0) return queued
  const now = node.now()
  const lives = livesOf(node.config, spec, asof)
    .map((life) => ({ ...life, fromDt: maxDt(life.fromDt, reached) }))
    .filter(({ fromDt, toDt }) => fromDt <= toDt)
  const whenServed = servedFrom(servers, spec, now)
  for await (const slice of gapsInOrder(node.db, dataset, spec, lives, asof, limit)) {
    const tasks = slice
      .slice(0, limit - queued.gaps)
      .map(({ symbol, dt }) => newTask(about, symbol, dt, 'missing', whenServed(dt)))
      // Tasks that share all but their cell are written together, and each symbol has rows of its own to be expected.
      .sort((a, b) => (a.expectedRows ?? 0) - (b.expectedRows ?? 0))
    queued.gaps += tasks.length
    for (let at = 0; at < tasks.length; at += TASKS_PER_WRITE) {
      const batch = tasks.slice(at, at + TASKS_PER_WRITE)
      await explainAbsences(node.db, dataset, tooRecent(batch, node.now()), node.now())
      await nextTurn()
      queued.enqueued += await enqueueTasks(node.db, dataset, batch, node.now())
      // A write holds the event loop as long as it takes.
      await nextTurn()
    }
    if (queued.gaps >= limit) break
  }
  return queued
}

function newTask(
  { spec, asof, shares }: About,
  symbol: string,
  dt: Dt,
  reason: NewTask['reason'],
  nextAt: number,
): NewTask {
  const today = dt === asof
  return {
    symbol,
    dt,
    lane: today ? 'today' : 'backfill',
    priority: today ? PRIORITY_TODAY : spec.expected_rows === 'session_minutes' ? PRIORITY_MINUTES : PRIORITY_DAYS,
    expectedRows: expectedRows(spec, symbol, dt, shares.get(symbol)),
    reason,
    nextAt,
    newestFirst: spec.backfill.order === 'newest-first',
  }
}

const tooRecent = (gaps: NewTask[], now: number): Absence[] =>
  gaps
    .filter(({ nextAt }) => nextAt > now)
    .map(({ symbol, dt, nextAt }) => ({ symbol, dt, reason: 'TOO_RECENT', recheckAt: nextAt }))
