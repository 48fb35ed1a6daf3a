/** POST /compact: raw files of closed months that hold one cell each become one file a day and vendor, some days a call. No row changes. */
import { relative } from 'node:path'
import { openDays } from '../../db/gap-tasks/open-days.ts'
import { leaseSettled } from '../../db/partitions/lease-settled.ts'
import { releasePartition } from '../../db/partitions/partitions.ts'
import { servableBy } from '../_catalog/servable.ts'
import { AsOfBody, type FunctionResult } from '../_http/handler.ts'
import type { Node } from '../_http/node.ts'
import { withLock } from '../_lake/keyed-lock.ts'
import { partitionOf } from '../_market/partition.ts'
import { repairFiles } from '../_recovery/repair-files.ts'
import { candidates } from './candidates.ts'
import { type CompactedDay, compactDay } from './compact-day.ts'
import type { LeftAlone, RawDay } from './day-files.ts'

export const CompactBody = AsOfBody

export interface Compacted extends FunctionResult {
  /** Days of a vendor that have one file now, and the files of single cells that it replaced. */
  days: number
  files: number
  cells: number
  /** Of the files that were written. */
  bytes: number
  /** Days that were left alone, by the reason; they are looked at again by the next run. */
  skipped: Partial<Record<LeftAlone['why'], number>>
}

/** A call ends with the first day after so long. */
const MS_PER_CALL = 20_000
const LEASE_MS = 10 * 60_000

/** How far the calls of a run have come: a run looks at each day once. Lost with the process: what is compacted is no candidate any more. */
const places = new WeakMap<object, string>()

/** Safe to kill, to repeat, and to call twice at once: a second call waits and goes on where the first one ended. */
export function compact(
  node: Node,
  { at = node.now() }: { at?: number | undefined },
  msPerCall: number = MS_PER_CALL,
): Promise<Compacted> {
  return withLock(`${node.lake.root} compact`, async () => {
    const started = node.elapsed()
    const done: Compacted = { days: 0, files: 0, cells: 0, bytes: 0, skipped: {}, more: false, nextAt: null }
    const queued = new Map<string, Set<string>>()
    for await (const { day, place } of candidates(node, at, places.get(node.db) ?? '')) {
      const { dataset, dt } = day
      const open = queued.get(dataset) ?? (await openDays(node.db, dataset))
      queued.set(dataset, open)
      add(node, done, day, open.has(dt) ? WAITING : await compactLeased(node, day))
      places.set(node.db, place)
      done.more = node.elapsed() - started > msPerCall
      if (done.more) break
    }
    if (!done.more) places.delete(node.db)
    return done
  })
}

const WAITING: LeftAlone = { why: 'waiting', paths: [] }

/** Curation and QC list the files of a partition and then read them: they must not go away in between. */
async function compactLeased(node: Node, day: RawDay): Promise<CompactedDay | LeftAlone> {
  const { dataset, spec, dt } = day
  const token = node.token()
  const key = { dataset, partition: partitionOf(spec.partition, dt) }
  const lease = await leaseSettled(node.db, key, token, node.now(), node.now() + LEASE_MS)
  if (lease === 'busy') return WAITING
  let done: CompactedDay | LeftAlone
  try {
    done = await compactDay(node, day)
  } finally {
    if (lease !== 'unknown') await releasePartition(node.db, lease, token, 0)
  }
  // The next run finds it healed, or without what is lost.
  if ('why' in done && done.why === 'damaged') await repairFiles(node, done.paths, servableBy(node))
  return done
}

function add(node: Node, sum: Compacted, { dataset, vendor, dt }: RawDay, done: CompactedDay | LeftAlone): void {
  if ('why' in done) {
    const { why, paths } = done
    sum.skipped[why] = (sum.skipped[why] ?? 0) + 1
    if (why === 'waiting') return
    const first = paths.slice(0, 5).map((path) => relative(node.lake.root, path))
    node.log('compact.skipped', { vendor, dataset, dt, why, files: paths.length, first })
    return
  }
  sum.days++
  sum.files += done.files
  sum.cells += done.cells
  sum.bytes += done.bytes
  node.log('compact.compacted', { vendor, dataset, dt, ...done })
}
