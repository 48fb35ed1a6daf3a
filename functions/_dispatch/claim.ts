/** Chooses and claims the next call: the head of the queue, the best vendor that may serve it now, and every task that the same call answers. */
import { nextCallAt } from '../../db/budgets/take-calls.ts'
import { type Circuit, listCircuits } from '../../db/circuits/circuits.ts'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import type { QueuedTask, VendorReach } from '../../db/gap-tasks/claimable.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { mayTake } from '../../db/gap-tasks/may-take.ts'
import { nextDue } from '../../db/gap-tasks/next-due.ts'
import { abandonLease, reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { anyLease } from '../../db/leases/any-lease.ts'
import { callsLeft, limitsOf } from '../_catalog/account-limits.ts'
import { availableRange } from '../_catalog/availability.ts'
import { type DatasetSource, datasetsOf, sourcesFor } from '../_catalog/catalog.ts'
import type { DispatchContext, Lane } from '../_catalog/context.ts'
import type { DatasetName } from '../_market/cell.ts'
import { keptAnswerOf } from './answered-plan.ts'
import { toClaim } from './candidate-cells.ts'
import { type Candidate, chooseVendor } from './choose-vendor.ts'
import { isMachineFault } from './machine-fault.ts'
import { type Choice, planCall } from './plan-call.ts'
import { MAX_ATTEMPTS, pauseAfter } from './retry-policy.ts'
import { type Scorer, scorerAt } from './scorer.ts'

/** A lease outlives every single request by far, and is renewed while the pages of a plan arrive. */
export const LEASE_MS = 20 * 60_000
/** A worker that finds everything held by others looks again after this. */
const LOOK_AGAIN_MS = 5_000
/** Times a claim is tried again when other workers took the head first: each time one of them has got on. */
const TRIES = 500

export interface Claim extends Choice {
  token: string
}

export interface Nothing {
  /** When something may be claimable, epoch ms; null when the queue is empty. */
  nextAt: number | null
}

/** A claimed call, or when to come back. Nothing is sent and nothing is spent. */
export async function claimNext(context: DispatchContext, lane: Lane | null): Promise<Claim | Nothing> {
  await reapLeases(context.db, MAX_ATTEMPTS, context.now())
  for (let tries = 0; tries < TRIES; tries++) {
    const choice = await chooseNext(context, lane)
    if ('error' in choice) {
      await putOff(context, choice)
      continue
    }
    if (!('plan' in choice)) return choice
    const token = context.token()
    const now = context.now()
    const taken = await claimTasks(context.db, {
      ...toClaim(choice.tasks),
      vendor: choice.source.connection.name,
      token,
      holder: context.holder,
      now,
      leaseExpiresAt: now + LEASE_MS,
    })
    const wants = choice.plan.wants.filter((want) => taken.has(choice.tasks.get(want)!.id))
    if (wants.length === 0) continue
    const { vendor: account } = limitsOf(choice.source.connection, choice.head.lane)
    context.reservations.reserve(account, token, choice.plan.expectedCalls)
    return { ...choice, plan: { ...choice.plan, wants }, token }
  }
  return { nextAt: context.now() + LOOK_AGAIN_MS }
}

/** A head for which no plan can be made, and why. */
export interface Unplannable {
  head: QueuedTask
  source: DatasetSource
  dataset: DatasetName
  error: unknown
}

/** It counts as a try that failed, so that the head does not keep all others from being planned. */
async function putOff(context: DispatchContext, { head, source, dataset, error }: Unplannable): Promise<void> {
  context.log('dispatch.plan_failed', {
    vendor: source.connection.name,
    dataset,
    symbol: head.symbol,
    dt: head.dt,
    error,
  })
  const token = context.token()
  const now = context.now()
  const lease = { vendor: source.connection.name, token, holder: context.holder, now, leaseExpiresAt: now + LEASE_MS }
  await claimTasks(context.db, { ids: [head.id], ...lease })
  await abandonLease(context.db, token, MAX_ATTEMPTS, now, now + pauseAfter(head.attempts))
}

/** What would be claimed now: the dry run of a dispatch. */
export async function chooseNext(context: DispatchContext, lane: Lane | null): Promise<Choice | Unplannable | Nothing> {
  const now = context.now()
  // A disk without room gives no work: the step that asks is over, and the next one starts it again.
  const isClosed = !context.disk.allowsCalls() || (lane === 'backfill' && !context.disk.allowsBackfill())
  if (isClosed) return { nextAt: null }
  const candidates = await findCandidates(context, context.disk.allowsBackfill() ? lane : 'today', now)
  const best = chooseVendor(candidates, now)
  if (best) {
    try {
      return await planCall(best, candidates, context)
    } catch (error) {
      if (isMachineFault(error)) throw error
      return { head: best.head, source: best.source, dataset: best.dataset, error }
    }
  }
  const due = await nextDue(context.db, lane, now)
  const times = [...candidates.map(({ freeAt }) => freeAt), due].filter((at) => at !== null)
  // What another worker holds may come back at any time, not only when its lease lapses.
  if (await anyLease(context.db)) times.push(now + LOOK_AGAIN_MS)
  return { nextAt: times.length === 0 ? null : Math.max(now, Math.min(...times)) }
}

/** The first claimable task of every vendor in every dataset, with the instant from which it may be sent a call. */
async function findCandidates(context: DispatchContext, lane: Lane | null, now: number): Promise<Candidate[]> {
  const circuits = await listCircuits(context.db)
  const scorer = await scorerAt(context, now)
  const candidates: Candidate[] = []
  for (const { dataset, spec } of datasetsOf(context.config)) {
    if (!context.disk.allows(dataset)) continue
    for (const source of sourcesFor(context, dataset)) {
      const vendor = source.connection.name
      try {
        const reach: VendorReach = { vendor, dataset, ...availableRange(source.terms, spec, now), lane, now }
        const head = await findHead(context.db, reach)
        if (!head) continue
        const freeAt = await freeFrom(context, { source, dataset, spec, head }, circuits, now)
        const score = await scorer(source, dataset, spec, head)
        candidates.push({ source, dataset, spec, reach, head, score, freeAt, isShared: false })
      } catch (error) {
        // What is wrong with one vendor's dataset must not keep the others from being asked.
        if (isMachineFault(error)) throw error
        context.log('dispatch.candidate_failed', { vendor, dataset, error })
      }
    }
  }
  for (const candidate of candidates) candidate.isShared = await isShared(context, candidate, candidates, scorer, now)
  return candidates
}

/** Whether a better vendor that is free may take the head as well. */
async function isShared(
  context: DispatchContext,
  { head, dataset, spec, score }: Candidate,
  all: Candidate[],
  scorer: Scorer,
  now: number,
): Promise<boolean> {
  for (const other of all) {
    if (other.dataset !== dataset) continue
    if (other.freeAt === null || other.freeAt > now) continue
    // Compared at this head: the other vendor's own head is in another segment, where its score may differ.
    if ((await scorer(other.source, dataset, spec, head)).score <= score.score) continue
    if (other.head.id === head.id || (await mayTake(context.db, other.reach, head.id))) return true
  }
  return false
}

/**
 * When a vendor may be sent a call of a lane: its circuit closed, its budget not empty. Null for never. Of what is left the plans under way have
 * their share first: on an account of few calls one worker at a time plans, because two plans of half a budget would both be cut. What an answer
 * holds costs no call once it is there, and is not asked for while it is under way.
 */
async function freeFrom(
  context: DispatchContext,
  { source, dataset, spec, head }: Pick<Candidate, 'source' | 'dataset' | 'spec' | 'head'>,
  circuits: Circuit[],
  now: number,
): Promise<number | null> {
  const { lane } = head
  const blockedUntil = circuits.find((row) => row.vendor === source.connection.name)?.blockedUntil ?? 0
  const answer = keptAnswerOf(context, source.connection.name, dataset, spec, head)
  if (answer?.isAnswered) return Math.max(blockedUntil, now)
  const limits = limitsOf(source.connection, lane)
  const budgetAt = await nextCallAt(context.db, limits, now)
  if (budgetAt === null) return null
  const mayBePromised = lane === 'backfill' && budgetAt <= now && context.reservations.reserved(limits.vendor) > 0
  const isPromised = mayBePromised && (await callsLeft(context, limits)) <= 0
  const isAsked = answer !== null
  return Math.max(blockedUntil, budgetAt, isPromised || isAsked ? now + LOOK_AGAIN_MS : 0)
}
