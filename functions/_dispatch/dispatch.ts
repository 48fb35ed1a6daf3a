/** One task from the queue to memory: claim, ask, keep, settle. Both the tick and the dispatcher work through here. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { learn } from '../../db/vendor-scores/scores.ts'
import { addTally } from '../../db/vendor-tallies/tallies.ts'
import type { Outcome } from '../_market/outcome.ts'
import type { Answer } from '../_vendors/vendor.ts'
import { type Claim, claimNext, type Nothing } from './claim.ts'
import type { Desk, Lane } from './desk.ts'
import { distrustful } from './distrust.ts'
import { giveBack, releaseHeld } from './give-back.ts'
import { givingWay } from './give-way.ts'
import { heedVendor } from './heed.ts'
import { keep } from './keep-answer.ts'
import { keptPages } from './kept-pages.ts'
import { noticeLateFiles } from './late-files.ts'
import { lessonOf } from './lesson.ts'
import { isMachineFault } from './machine-fault.ts'
import { type CellOutcome, outcomesOf, type Said } from './outcomes.ts'
import { patient } from './patient.ts'
import { quarantine } from './quarantine.ts'
import { renewing } from './renewing.ts'
import { settle } from './settle.ts'
import { shortMinutes } from './short-minutes.ts'
import { tallyOf } from './tally.ts'
import { topUp } from './top-up.ts'

export interface Dispatched {
  vendor: string
  dataset: string
  /** Tasks the call covered, and what became of them. */
  tasks: number
  outcomes: Partial<Record<Outcome, number>>
  calls: number
  rows: number
  /** False when the lease had passed on before the end: the files stay, the memory is somebody else's. */
  settled: boolean
  /** Why the plan could not be carried out: its tasks wait, and count a try. Absent otherwise. */
  failed?: string
}

/** `night` is the instant the call speaks for, epoch ms: what it finds corrected is dated by it. */
export async function dispatchNext(
  desk: Desk,
  lane: Lane | null,
  night: number = desk.now(),
): Promise<Dispatched | Nothing> {
  await releaseHeld(desk)
  if (lane !== 'today' && desk.disk.allowsBackfill()) await fillQueue(desk)
  const claim = await claimNext(desk, lane)
  if (!('token' in claim)) return claim
  try {
    return await carryOut(desk, claim, night)
  } catch (error) {
    desk.promised.end(claim.token)
    if (!(await giveBack(desk, claim, error))) throw error
    const { dataset, plan, server } = claim
    const nothing = { outcomes: {}, calls: 0, rows: 0, settled: false }
    return { vendor: server.seat.name, dataset, tasks: plan.wants.length, ...nothing, failed: String(error) }
  }
}

/** A queue that cannot be filled further still has tasks. */
async function fillQueue(desk: Desk): Promise<void> {
  try {
    await topUp(desk)
  } catch (error) {
    if (isMachineFault(error)) throw error
    desk.log('queue.top_up_failed', { error })
  }
}

async function carryOut(desk: Desk, claim: Claim, night: number): Promise<Dispatched> {
  const { answer, outcomes, tookMs } = await answered(desk, claim, night)
  const rows = outcomes.reduce((sum, outcome) => sum + outcome.rows.length, 0)
  // Of a task of several days nobody has said anything yet.
  const asked = claim.plan.wants.filter((want) => claim.tasks.get(want)?.days === null)
  const known = await listAttempts(desk.db, claim.dataset, asked)
  const { kept, restated } = await keep(desk, claim, outcomes, known)
  // What is on the disk need not stay in memory while it is settled.
  for (const cell of outcomes) if (kept.has(cell.key)) cell.rows = []
  const settled = await settle(desk, claim, { answer, outcomes, kept, restated, known, night })
  if (!settled) await noticeLateFiles(desk, claim, kept)
  const lessons = outcomes.filter(({ outcome }) => LESSONS.has(outcome))
  const cost = { calls: answer.calls, latencyMs: tookMs }
  await learn(desk.db, await lessonOf(desk, claim, lessons, kept, cost), desk.now())
  await addTally(desk.db, tallyOf(claim, answer, outcomes, rows, tookMs), desk.now())
  return report(desk, claim, answer, outcomes, rows, settled)
}

/** Cells judged before the event loop gets its turn. */
const AT_ONCE = 4_000

/** What the vendor said, cell by cell: the answer itself, with all its rows by cell, is not needed any more. */
async function answered(
  desk: Desk,
  claim: Claim,
  night: number,
): Promise<{ answer: Said; outcomes: CellOutcome[]; tookMs: number }> {
  const { plan, spec, server } = claim
  const { served, tookMs } = await ask(desk, claim, night)
  const { rows, complete, ...answer } = distrustful(served, plan, spec)
  await quarantine(desk, claim, answer)
  const isShort = await shortMinutes(desk, claim)
  const outcomes: CellOutcome[] = []
  for (let from = 0; from < plan.wants.length; from += AT_ONCE) {
    const wants = plan.wants.slice(from, from + AT_ONCE)
    outcomes.push(...outcomesOf({ ...answer, rows, complete }, wants, spec, isShort))
    await nextTurn()
  }
  await heedVendor(desk, server.seat.name, answer)
  return { answer, outcomes, tookMs }
}

/** Asks the plan's question. A plan that is longer than a budget goes on where it ended last time. */
async function ask(desk: Desk, claim: Claim, night: number): Promise<{ served: Answer; tookMs: number }> {
  const { plan, terms, head, token, server } = claim
  const { connector, name, get } = server.seat
  const begun = desk.elapsed()
  const send = patient(desk, get(head.lane))
  const renewed = renewing(desk, token, (request) => {
    desk.promised.sent(token)
    return send(request)
  })
  const giving = givingWay(desk, renewed, () => dispatchNext(desk, 'today', night))
  const page = head.lane === 'today' ? renewed : giving.get
  const pages = plan.isResumable ? keptPages(desk.lake.root, name, desk.now) : null
  const served = await connector.ask(plan, terms, pages?.around(page) ?? page).finally(() => desk.promised.end(token))
  // A page that does not parse would not parse again either.
  if (served.interruption === null || served.interruption.fault === 'malformed') await pages?.forget()
  return { served, tookMs: desk.elapsed() - begun - giving.awayMs() }
}

/** Outcomes that say something about what the vendor has; the others only about the moment. */
const LESSONS: ReadonlySet<Outcome> = new Set([
  'filled',
  'short',
  'empty',
  'not_entitled',
  'before_history',
  'malformed',
])

function report(
  desk: Desk,
  claim: Claim,
  answer: Said,
  outcomes: readonly CellOutcome[],
  rows: number,
  settled: boolean,
): Dispatched {
  const counts: Partial<Record<Outcome, number>> = {}
  for (const { outcome } of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  const vendor = claim.server.seat.name
  const done: Dispatched = {
    vendor,
    dataset: claim.dataset,
    tasks: outcomes.length,
    outcomes: counts,
    calls: answer.calls,
    rows,
    settled,
  }
  if (answer.interruption) desk.log('dispatch.interrupted', { ...done, why: answer.interruption.message })
  if (answer.strays.length > 0) {
    desk.log('dispatch.strays_dropped', { vendor, cells: answer.strays.length, sample: answer.strays.slice(0, 3) })
  }
  if (!settled) desk.log('dispatch.lease_lost', { ...done })
  desk.log('dispatch.answered', { ...done })
  return done
}
