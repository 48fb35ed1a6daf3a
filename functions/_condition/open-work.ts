/** What may still change the days of a dataset: the queue, planned looks and re-reads, partitions that wait. */
import { tallyRechecks } from '../../db/absences/tally-rechecks.ts'
import { dueRereads } from '../../db/attempts/due-rereads.ts'
import { listOverflow } from '../../db/backlog-overflow/backlog-overflow.ts'
import { type OpenOfDay, tallyOpenDays } from '../../db/gap-tasks/tally-days.ts'
import { waitingPartitions } from '../../db/partitions/waiting-partitions.ts'
import { preferenceOrder, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { symbolRanges } from '../_expected/expected.ts'
import { nextWindow, openWindows } from '../_expected/reread-windows.ts'
import type { Dt } from '../_market/dt.ts'
import { partitionOf } from '../_market/partition.ts'
import type { DaysAsked } from './days-asked.ts'

export type ConditionContext = Pick<DispatchContext, 'config' | 'db' | 'vendors' | 'now'>

export interface OpenWork extends OpenOfDay {
  /** Its gaps did not fit into the queue and are brought in as it drains. */
  overflows: boolean
  /** Its partition is to be curated or judged. */
  waits: boolean
  /** A look or a reading is planned, or due. */
  isPlanned: boolean
}

const NOTHING: OpenOfDay = { queued: 0, gaps: 0, stalled: 0 }
/** More cells than the windows of any dataset hold. */
const ALL = 2 ** 31 - 1

/** Says of each day asked about what is still open. */
export async function openWork(context: ConditionContext, asked: DaysAsked): Promise<(dt: Dt) => OpenWork> {
  const { dataset, spec, from, to, at } = asked
  const tasks = await tallyOpenDays(context.db, dataset, from, to)
  const rechecks = await tallyRechecks(context.db, dataset, from, to)
  const waiting = await waitingPartitions(context.db, dataset)
  const overflow = (await listOverflow(context.db)).filter((range) => range.dataset === dataset)
  const due = await rereadsDue(context, asked)
  return (dt) => ({
    ...(tasks.get(dt) ?? NOTHING),
    overflows: overflow.some(({ fromDt, toDt }) => fromDt <= dt && dt <= toDt),
    waits: waiting.has(partitionOf(spec.partition, dt)),
    isPlanned: rechecks.has(dt) || due.has(dt) || nextWindow(spec, dt, at) !== null,
  })
}

/** Days with cells that are to be read again and that no audit has queued yet. */
async function rereadsDue(context: ConditionContext, asked: DaysAsked): Promise<Set<Dt>> {
  const { dataset, spec, asof, from, to, at } = asked
  const due = await dueRereads(context.db, {
    dataset,
    windows: openWindows(spec, at).filter(({ dt }) => dt >= from && dt <= to),
    ranges: symbolRanges(context.config, spec, asof),
    preferred: preferenceOrder(context.config, dataset),
    askable: sourcesFor(context, dataset).map(({ connection }) => connection.name),
    now: context.now(),
    limit: ALL,
  })
  return new Set(due.map(({ dt }) => dt))
}
