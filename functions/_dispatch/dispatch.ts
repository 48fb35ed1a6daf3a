/** One task from the queue to memory: claim, ask, keep, settle. Both the tick and the dispatcher work through here. */
import { type Attempt, listAttempts } from '../../db/attempts/list-attempts.ts'
import { learn } from '../../db/vendor-scores/scores.ts'
import { addTally } from '../../db/vendor-tallies/tallies.ts'
import { type AcceptedCell, type KeptCell, keepCells } from '../_lake/keep.ts'
import { UnreadableFiles } from '../_lake/raw-read.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { Outcome } from '../_market/outcome.ts'
import { adjustmentOf } from '../_market/row.ts'
import { setAsideDamaged } from '../_recovery/set-aside.ts'
import type { Answer } from '../_vendors/vendor.ts'
import { type Claim, claimNext, type Nothing } from './claim.ts'
import type { Desk, Lane } from './desk.ts'
import { distrustful } from './distrust.ts'
import { givingWay } from './give-way.ts'
import { heedVendor } from './heed.ts'
import { keptPages } from './kept-pages.ts'
import { noticeLateFiles } from './late-files.ts'
import { lessonOf } from './lesson.ts'
import { type CellOutcome, outcomesOf } from './outcomes.ts'
import { patient } from './patient.ts'
import { quarantine } from './quarantine.ts'
import { renewing } from './renewing.ts'
import { type Restated, restatedCells } from './restated.ts'
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
}

/** `night` is the instant the call speaks for, epoch ms: what it finds corrected is dated by it. */
export async function dispatchNext(
  desk: Desk,
  lane: Lane | null,
  night: number = desk.now(),
): Promise<Dispatched | Nothing> {
  if (lane !== 'today') await topUp(desk)
  const claim = await claimNext(desk, lane)
  if (!('token' in claim)) return claim
  const { seat } = claim.server
  const { served, tookMs } = await ask(desk, claim, night)
  const answer = distrustful(served, claim.plan, claim.spec)
  await quarantine(desk, claim, answer)
  const outcomes = outcomesOf(answer, claim.plan.wants, claim.spec, await shortMinutes(desk, claim))
  await heedVendor(desk, seat.name, answer)
  const known = await listAttempts(desk.db, claim.dataset, claim.plan.wants)
  const { kept, restated } = await keep(desk, claim, outcomes, known)
  const settled = await settle(desk, claim, { answer, outcomes, kept, restated, known, night })
  if (!settled) await noticeLateFiles(desk, claim, kept)
  const answered = outcomes.filter(({ outcome }) => LESSONS.has(outcome)).map(({ want }) => want)
  const cost = { calls: answer.calls, latencyMs: tookMs }
  await learn(desk.db, await lessonOf(desk, claim, answered, kept, cost), desk.now())
  await addTally(desk.db, tallyOf(claim, answer, outcomes, tookMs), desk.now())
  return report(desk, claim, answer, outcomes, settled)
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

/** Writes the rows of answered cells; the raw file and its manifest line are on disk before anything is settled. */
async function keep(
  desk: Desk,
  claim: Claim,
  outcomes: readonly CellOutcome[],
  known: readonly Attempt[],
): Promise<{ kept: Map<CellKey, KeptCell>; restated: Map<CellKey, Restated> }> {
  const vendor = claim.server.seat.name
  const digests = new Map<CellKey, string | null>()
  for (const row of known) if (row.vendor === vendor) digests.set(cellKey(row.symbol, row.dt), row.digest)
  const cells: AcceptedCell[] = []
  for (const { want, outcome, rows } of outcomes) {
    if (outcome !== 'filled' && outcome !== 'short') continue
    const { symbol, dt } = want
    const digest = digests.size === 0 ? null : (digests.get(cellKey(symbol, dt)) ?? null)
    cells.push({ symbol, dt, rows, known: digest, difference: null })
  }
  if (cells.length === 0) return { kept: new Map(), restated: new Map() }
  const adjustment = adjustmentOf(claim.spec.expected_rows)
  const provenance = { vendor, feed: claim.plan.feed, adjustment, fetchedAt: desk.now() }
  const write = async () => {
    const restated = await restatedCells(desk.lake, claim.spec, claim.dataset, vendor, cells)
    if (restated.size > 0) {
      for (const cell of cells) cell.difference = restated.get(cellKey(cell.symbol, cell.dt))?.difference ?? null
    }
    const kept = new Map<CellKey, KeptCell>()
    for (const cell of await keepCells(desk.lake, claim.spec, claim.dataset, provenance, cells)) {
      kept.set(cellKey(cell.symbol, cell.dt), cell)
    }
    return { kept, restated }
  }
  try {
    return await write()
  } catch (error) {
    // The answer is paid for: a file that cannot be read any more must not cost it.
    if (!(error instanceof UnreadableFiles) || (await setAsideDamaged(desk, error.paths)).files === 0) throw error
    return await write()
  }
}

function report(desk: Desk, claim: Claim, answer: Answer, outcomes: CellOutcome[], settled: boolean): Dispatched {
  const counts: Partial<Record<Outcome, number>> = {}
  for (const { outcome } of outcomes) counts[outcome] = (counts[outcome] ?? 0) + 1
  const rows = outcomes.reduce((sum, outcome) => sum + outcome.rows.length, 0)
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
