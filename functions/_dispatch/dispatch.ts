/** One task from the queue to memory: claim, ask, keep, settle. Both the tick and the dispatcher work through here. */
import { listAttempts } from '../../db/attempts/list-attempts.ts'
import { blockVendor, closeCircuit, countFailure } from '../../db/circuits/circuits.ts'
import { learn } from '../../db/vendor-scores/scores.ts'
import { type AcceptedCell, type KeptCell, keepCells } from '../_lake/keep.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import type { Outcome } from '../_market/outcome.ts'
import type { Answer } from '../_vendors/vendor.ts'
import { type Claim, claimNext, type Nothing } from './claim.ts'
import type { Desk, Lane } from './desk.ts'
import { type CellOutcome, outcomesOf } from './outcomes.ts'
import { type Moved, measureMoves } from './restated.ts'
import { settle } from './settle.ts'

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

/** Failures in a row after which a vendor is left alone, and for how long at first and at most. */
const FAILURES_TO_OPEN = 3
const OPEN_MS = 60_000
const LONGEST_OPEN_MS = 30 * 60_000

/** `night` is the instant the call speaks for, epoch ms: what it finds corrected is dated by it. */
export async function dispatchNext(
  desk: Desk,
  lane: Lane | null,
  night: number = desk.now(),
): Promise<Dispatched | Nothing> {
  const claim = await claimNext(desk, lane)
  if (!('token' in claim)) return claim
  const { seat } = claim.server
  const begun = desk.elapsed()
  const answer = await seat.connector.ask(claim.plan, claim.terms, seat.get(claim.head.lane))
  const tookMs = desk.elapsed() - begun
  const outcomes = outcomesOf(answer, claim.plan.wants, claim.spec)
  await heedVendor(desk, seat.name, answer)
  const known = await listAttempts(desk.db, claim.dataset, claim.plan.wants)
  const { kept, moved } = await keep(desk, claim, outcomes, known)
  const settled = await settle(desk, claim, { answer, outcomes, kept, moved, known, night })
  await learn(desk.db, {
    vendor: seat.name,
    dataset: claim.dataset,
    asked: outcomes.filter(({ outcome }) => LESSONS.has(outcome)).length,
    filled: kept.size,
    calls: answer.calls,
    latencyMs: tookMs,
  })
  return report(desk, claim, answer, outcomes, settled)
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
  outcomes: CellOutcome[],
  known: { symbol: string; dt: string; vendor: string; digest: string | null }[],
): Promise<{ kept: Map<CellKey, KeptCell>; moved: Map<CellKey, Moved> }> {
  const vendor = claim.server.seat.name
  const digests = new Map(
    known.filter((row) => row.vendor === vendor).map((row) => [cellKey(row.symbol, row.dt), row.digest]),
  )
  const cells: AcceptedCell[] = outcomes
    .filter(({ outcome }) => outcome === 'filled' || outcome === 'short')
    .map(({ want: { symbol, dt }, rows }) => ({ symbol, dt, rows, known: digests.get(cellKey(symbol, dt)) ?? null }))
  if (cells.length === 0) return { kept: new Map(), moved: new Map() }
  const adjustment = claim.spec.expected_rows === 'series' ? 'none' : 'raw'
  const provenance = { vendor, feed: claim.plan.feed, adjustment, fetchedAt: desk.now() } as const
  const moved = await measureMoves(desk.lake, claim.spec, claim.dataset, vendor, cells)
  const kept = await keepCells(desk.lake, claim.spec, claim.dataset, provenance, cells)
  return { kept: new Map(kept.map((cell) => [cellKey(cell.symbol, cell.dt), cell])), moved }
}

/** Failures in a row open the vendor's circuit; its own word on when to come back is heeded at once. */
async function heedVendor(desk: Desk, vendor: string, { interruption }: Answer): Promise<void> {
  if (interruption === null) return await closeCircuit(desk.db, vendor)
  switch (interruption.fault) {
    case 'too_recent':
    case 'before_history':
      return await closeCircuit(desk.db, vendor)
    case 'rate_limited':
      if (interruption.status === null) return // our own budget: nothing was sent
      return await blockVendor(desk.db, vendor, interruption.retryAt ?? desk.now() + OPEN_MS, interruption.message)
    case 'malformed':
    case 'unavailable':
    case 'not_entitled': {
      const failures = await countFailure(desk.db, vendor, interruption.message)
      if (failures < FAILURES_TO_OPEN) return
      const openMs = Math.min(LONGEST_OPEN_MS, OPEN_MS * 2 ** (failures - FAILURES_TO_OPEN))
      await blockVendor(desk.db, vendor, desk.now() + openMs, interruption.message)
      return desk.log('dispatch.circuit_opened', { vendor, failures, openMs, why: interruption.message })
    }
    default:
      return interruption.fault satisfies never
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
