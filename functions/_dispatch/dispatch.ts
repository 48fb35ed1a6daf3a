/** One task from the queue to the database: claim, ask, store, settle. `ingest-tick` and `dispatch-one-task` both run this. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { addCallStats } from '../../db/vendor-call-stats/call-stats.ts'
import { recordScore } from '../../db/vendor-scores/scores.ts'
import type { DispatchContext, Lane } from '../_catalog/context.ts'
import type { Outcome } from '../_market/outcome.ts'
import type { Answer, CallPlan } from '../_vendors/vendor.ts'
import { askNearby } from './ask-nearby.ts'
import { callStatsOf } from './call-stats.ts'
import { updateCircuit } from './circuit-breaker.ts'
import { type Claim, claimNext, type Nothing } from './claim.ts'
import { withHeartbeat } from './lease-heartbeat.ts'
import { noteClosedDayBars } from './note-closed-day-bars.ts'
import { type AnswerSummary, type CellOutcome, outcomesOf } from './outcomes.ts'
import { type PageCache, pageCache } from './page-cache.ts'
import { preemptible } from './preempt-for-today.ts'
import { quarantine } from './quarantine.ts'
import { reconcileLateFiles } from './reconcile-late-files.ts'
import { giveBack, postponed } from './refused-key.ts'
import { releaseUnreturned, returnTasks } from './return-tasks.ts'
import { scoreUpdateOf } from './score-update.ts'
import { settle } from './settle.ts'
import { shortMinutes } from './short-minutes.ts'
import { storeAnswer } from './store-answer.ts'
import { rejectIrrelevant } from './validate-answer.ts'
import { waitForBudget } from './wait-for-budget.ts'

export interface Dispatched {
  vendor: string
  dataset: string
  /** Tasks the call covered, and what became of them. */
  tasks: number
  outcomes: Partial<Record<Outcome, number>>
  calls: number
  rows: number
  /** False when the lease had passed on before the end: the files stay, and another worker's commit counts. */
  settled: boolean
  /** Why the plan could not be carried out: its tasks wait, and count a try. Absent otherwise. */
  failed?: string
}

/** `asOf` is the instant the call speaks for, epoch ms: what it finds corrected is dated by it. */
export async function dispatchNext(
  context: DispatchContext,
  lane: Lane | null,
  asOf: number = context.now(),
): Promise<Dispatched | Nothing> {
  const begun = context.elapsed()
  await releaseUnreturned(context)
  const claim = await claimNext(context, lane)
  if (!('token' in claim)) return claim
  try {
    return await carryOut(context, claim, asOf, begun)
  } catch (error) {
    context.reservations.release(claim.token)
    context.answers.drop(claim.plan)
    if (!(await returnTasks(context, claim, error))) throw error
    const { dataset, plan, source } = claim
    const nothing = { outcomes: {}, calls: 0, rows: 0, settled: false }
    return { vendor: source.connection.name, dataset, tasks: plan.wants.length, ...nothing, failed: String(error) }
  }
}

async function carryOut(context: DispatchContext, claim: Claim, asOf: number, begun: number): Promise<Dispatched> {
  const { answer, outcomes, tookMs, idleMs, askedAt } = await answered(context, claim, asOf)
  if (answer.interruption?.refusesKey) {
    await giveBack(context, claim, answer.interruption)
    return report(context, claim, answer, [], 0, true)
  }
  const rows = outcomes.reduce((sum, outcome) => sum + outcome.rows.length, 0)
  // Of a task of several days nobody has said anything yet.
  const asked = claim.plan.wants.filter((want) => claim.tasks.get(want)?.days === null)
  const known = await listAttempts(context.db, claim.dataset, asked)
  await noteClosedDayBars(context, claim, answer, outcomes)
  const { stored, corrections } = await storeAnswer(context, claim, outcomes, known, { asOf, askedAt })
  // What is on the disk need not stay in memory while it is settled.
  for (const cell of outcomes) if (stored.has(cell.key)) cell.rows = []
  const settled = await settle(context, claim, { answer, outcomes, stored, corrections, known, asOf })
  if (!settled) await reconcileLateFiles(context, claim, stored)
  else await askNearby(context, claim, corrections, asOf)
  const informative = outcomes.filter(({ outcome }) => INFORMATIVE.has(outcome))
  const cost = { calls: answer.calls, latencyMs: tookMs }
  await recordScore(context.db, await scoreUpdateOf(context, claim, informative, stored, cost), context.now())
  const callStats = callStatsOf(claim, answer, outcomes, rows, tookMs, context.elapsed() - begun - idleMs)
  await addCallStats(context.db, callStats, context.now())
  return report(context, claim, answer, outcomes, rows, settled)
}

/** Cells judged before the event loop gets its turn. */
const AT_ONCE = 4_000

/** What the vendor said, cell by cell: the answer itself, with all its rows by cell, is not needed any more. */
async function answered(
  context: DispatchContext,
  claim: Claim,
  asOf: number,
): Promise<Asked & { answer: AnswerSummary; outcomes: CellOutcome[] }> {
  const { plan, spec, source } = claim
  const { served, ...asked } = await ask(context, claim, asOf)
  const relevant = rejectIrrelevant(served, plan, spec)
  await updateCircuit(context, source.connection.name, relevant)
  const { rows, complete, ...answer } = postponed(relevant, context.now())
  await quarantine(context, claim, answer)
  const isShort = await shortMinutes(context, claim)
  const outcomes: CellOutcome[] = []
  for (let from = 0; from < plan.wants.length; from += AT_ONCE) {
    const wants = plan.wants.slice(from, from + AT_ONCE)
    outcomes.push(...outcomesOf({ ...answer, rows, complete }, wants, spec, isShort))
    await yieldToEventLoop()
  }
  return { answer, outcomes, ...asked }
}

/**
 * How long asking took, without tasks of today in between; and how long of all that the worker did nothing for this plan. Milliseconds. `askedAt`: when
 * its oldest page was asked for, epoch ms.
 */
interface Asked {
  askedAt: number
  tookMs: number
  idleMs: number
}

/** Asks the plan's question. A plan that is longer than a budget goes on where it ended last time. */
async function ask(context: DispatchContext, claim: Claim, asOf: number): Promise<Asked & { served: Answer }> {
  const { plan, terms, head, token, source } = claim
  const { connector, name, get } = source.connection
  const begun = context.elapsed()
  const begunAt = context.now()
  const budget = waitForBudget(context, get(head.lane))
  const renewed = withHeartbeat(context, token, (request) => {
    context.reservations.consume(token)
    return budget.get(request)
  })
  const preempting = preemptible(context, renewed, () => dispatchNext(context, 'today', asOf))
  const page = head.lane === 'today' ? renewed : preempting.get
  const pages = plan.isResumable ? pageCache(context.lake.root, name, context.now) : null
  await context.answers.begin(plan, context.config.universe, context.now())
  const served = await connector
    .ask(plan, terms, pages?.cached(page) ?? page)
    .finally(() => context.reservations.release(token))
  if (pages !== null) await keepOrForget(context, plan, served, pages)
  const preemptedMs = preempting.preemptedMs()
  const askedAt = Math.min(begunAt, pages?.oldest() ?? begunAt)
  return { served, askedAt, tookMs: context.elapsed() - begun - preemptedMs, idleMs: preemptedMs + budget.waitedMs() }
}

/** Pages stay for the rest of a plan that a budget cut, and for other plans that they answer as well. */
async function keepOrForget(
  { answers }: DispatchContext,
  plan: CallPlan,
  { interruption }: Answer,
  pages: PageCache,
): Promise<void> {
  if (interruption === null && answers.keep(plan, pages.forget)) return
  answers.drop(plan)
  // A page that does not parse would not parse again either.
  if (interruption === null || interruption.fault === 'malformed') await pages.forget()
}

/** Outcomes that say something about what the vendor has; the others only about the moment. */
const INFORMATIVE: ReadonlySet<Outcome> = new Set([
  'filled',
  'short',
  'empty',
  'not_entitled',
  'before_history',
  'malformed',
])

function report(
  context: DispatchContext,
  claim: Claim,
  answer: AnswerSummary,
  outcomes: readonly CellOutcome[],
  rows: number,
  settled: boolean,
): Dispatched {
  const counts: Partial<Record<Outcome, number>> = {}
  for (const { outcome } of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  const vendor = claim.source.connection.name
  const done: Dispatched = {
    vendor,
    dataset: claim.dataset,
    tasks: outcomes.length,
    outcomes: counts,
    calls: answer.calls,
    rows,
    settled,
  }
  if (answer.interruption) context.log('dispatch.interrupted', { ...done, why: answer.interruption.message })
  if (answer.unrequested.length > 0) {
    context.log('dispatch.unrequested_dropped', {
      vendor,
      cells: answer.unrequested.length,
      sample: answer.unrequested.slice(0, 3),
    })
  }
  if (!settled) context.log('dispatch.lease_lost', { ...done })
  context.log('dispatch.answered', { ...done })
  return done
}
