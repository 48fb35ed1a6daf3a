/** POST /sample: queues a second vendor's reading of a few cells a night, so that quality control sees what one vendor alone cannot show. */
import { countSampled, SAMPLE_PRIORITY } from '../../db/gap-tasks/count-sampled.ts'
import { enqueueTasks, type NewTask } from '../../db/gap-tasks/enqueue-tasks.ts'
import { datasetsOf } from '../_catalog/catalog.ts'
import { asofAt, expectedRows } from '../_expected/expected.ts'
import { AsOfBody, type FunctionAnswer } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import type { DatasetName } from '../_market/cell.ts'
import { type SampledCell, sampledCells } from './sampled-cells.ts'

export const SampleBody = AsOfBody

/** Cells of one call: a night's share of a large universe, and some whole histories. */
const MOST_CELLS = 5_000
/** Readings that wait while the backlog takes all calls: more would only be older when their turn comes. */
const MOST_WAITING = 10_000

/**
 * A second call of the same date queues nothing more: which cells are sampled follows from the date alone, and a vendor that has answered for a cell, or
 * is about to be asked, is not asked again.
 */
export async function sample(node: Node, { at = node.now() }: { at?: number | undefined }): Promise<FunctionAnswer> {
  const asof = asofAt(at)
  const done = { asof, sessions: 0, histories: 0, enqueued: 0, waiting: await countSampled(node.db) }
  let room = Math.min(MOST_CELLS, MOST_WAITING - done.waiting)
  for (const { dataset } of node.disk.allowsBackfill() ? datasetsOf(node.config) : []) {
    if (!node.disk.allows(dataset) || room <= 0) continue
    const { session, history } = await sampledCells(node, dataset, asof)
    const cells = [...session, ...history].slice(0, room)
    room -= cells.length
    done.enqueued += await enqueueTasks(node.db, dataset, tasksOf(node, dataset, cells), node.now())
    done.sessions += session.length
    done.histories += history.length
  }
  node.log('sample.queued', done)
  return { ...done, more: false, nextAt: null }
}

function tasksOf(node: Node, dataset: DatasetName, cells: readonly SampledCell[]): NewTask[] {
  const spec = node.config.datasets[dataset]!
  return cells.map(({ symbol, dt, vendor, nextAt }) => ({
    symbol,
    dt,
    lane: 'backfill',
    priority: SAMPLE_PRIORITY,
    expectedRows: expectedRows(spec, symbol, dt),
    reason: 're_read',
    nextAt,
    vendor,
    newestFirst: spec.backfill.order === 'newest-first',
  }))
}
