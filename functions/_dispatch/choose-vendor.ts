/** Vendor selection: ranks the vendors for each head and picks the next call, so that no vendor idles and none takes what another does better. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { QueuedTask, VendorReach } from '../../db/gap-tasks/claimable.ts'
import type { DatasetSource } from '../_catalog/catalog.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { Score } from './score.ts'

/** The first task of one dataset that one vendor may take. */
export interface Candidate {
  source: DatasetSource
  dataset: DatasetName
  spec: DatasetConfig
  reach: VendorReach
  head: QueuedTask
  score: Score
  /** When its vendor may be sent a call for the head, epoch ms; null for never. */
  freeAt: number | null
  /** A better vendor that is free may take the head as well. */
  isShared: boolean
}

/** One head in so many goes to another vendor than the best, so that what is believed of the others stays tested. */
const EXPLORE_ONE_IN = 64

/**
 * The candidate to call, null when no vendor is free.
 *
 * Lane `today` goes by the order of the queue and, of vendors with the same head, by the better score. In a backfill each vendor takes
 * first what no better vendor may take as well: a vendor that alone can serve something is spared what others serve as well. Of
 * vendors with such work the one with the fewest calls a minute comes first, because its calls are the ones that would be lost. Only when
 * the better ones have spent their budget is shared work taken, so that nobody idles.
 */
export function chooseVendor(candidates: readonly Candidate[], now: number): Candidate | null {
  const free = candidates.filter(({ freeAt }) => freeAt !== null && freeAt <= now)
  const first = firstOf(free)
  if (first === null || first.head.lane === 'today') return first
  const own = free.filter(({ head, isShared }) => head.lane === 'backfill' && !isShared)
  const byVendor = [...new Set(own.map(({ source }) => source.connection.name))].map(
    (vendor) => firstOf(own.filter(({ source }) => source.connection.name === vendor))!,
  )
  const chosen = byVendor.reduce<Candidate | null>(
    (best, one) => (best === null || isScarcer(one, best) ? one : best),
    null,
  )
  if (chosen === null) return first
  return explored(chosen, free) ?? chosen
}

/** Vendors that could be called for a head now, the best first. */
export const rankingOf = (head: QueuedTask, candidates: readonly Candidate[], now: number): Candidate[] =>
  candidates
    .filter((one) => one.head.id === head.id && one.freeAt !== null && one.freeAt <= now)
    .sort((a, b) => b.score.score - a.score.score)

const firstOf = (candidates: readonly Candidate[]): Candidate | null =>
  candidates.reduce<Candidate | null>((a, b) => (a === null || comesBefore(b, a) ? b : a), null)

/** The queue's own measure (db/gap-tasks/reorder-queue.ts): a dataset whose newest days come first goes before one that begins with its oldest. */
const sortKeyOf = ({ head, spec }: Candidate): number =>
  Number(head.dt.replaceAll('-', '')) * (spec.backfill.order === 'newest-first' ? -1 : 1)

/** Queue order over datasets; between vendors with the same head, the better score. */
function comesBefore(a: Candidate, b: Candidate): boolean {
  if (a.head.id === b.head.id) return a.score.score > b.score.score
  if (a.head.lane !== b.head.lane) return a.head.lane === 'today'
  if (a.head.priority !== b.head.priority) return a.head.priority > b.head.priority
  const [turnA, turnB] = [sortKeyOf(a), sortKeyOf(b)]
  if (turnA !== turnB) return turnA < turnB
  return a.head.id < b.head.id
}

const callsOf = ({ source }: Candidate): number => source.connection.config.calls_per_minute

const isScarcer = (a: Candidate, b: Candidate): boolean =>
  callsOf(a) === callsOf(b) ? comesBefore(a, b) : callsOf(a) < callsOf(b)

const explored = (chosen: Candidate, free: readonly Candidate[]): Candidate | undefined =>
  chosen.head.id % EXPLORE_ONE_IN === 0
    ? free.filter(({ head, source }) => head.id === chosen.head.id && source !== chosen.source).sort(byCells)[0]
    : undefined

/** The least known first. */
const byCells = (a: Candidate, b: Candidate): number => a.score.asked - b.score.asked
