/** The whole chain of one cell: what was expected, who was asked, what they answered, what was concluded, what comes next. */
import type { CellAttempt } from '../../db/attempts/list-cell-attempts.ts'
import type { Incident } from '../../db/incidents/list-incidents.ts'
import { MAX_ATTEMPTS } from '../_dispatch/retry-policy.ts'
import { asofAt, lookBackFrom } from '../_expected/expected.ts'
import { RequestError } from '../_http/handler.ts'
import { isoOf } from '../_http/iso-instant.ts'
import type { Node } from '../_http/node.ts'
import { changeText } from '../_market/difference.ts'
import { partitionOf } from '../_market/partition.ts'
import { actionStory } from './action-story.ts'
import { type CellState, isBlank, loadCellState } from './cell-state.ts'
import { absenceOf, judgedOf, stageOf, winnerOf } from './conclusion.ts'
import { describeIncident, describeOutcome, describeSecondView } from './descriptions.ts'
import { expectationOf } from './expectation.ts'
import { nextStepOf } from './next-step.ts'
import type { Cell } from './request.ts'
import { type VendorView, viewVendors } from './vendors.ts'

export type Explanation = Awaited<ReturnType<typeof explanationOf>>
export type VendorExplanation = Explanation['vendors'][number]

/** Ready to be sent: instants are UTC texts, null for never. Throws RequestError 404 for a symbol nobody has heard of. */
export async function explanationOf(node: Node, cell: Cell) {
  const now = node.now()
  const asof = asofAt(now)
  const { dataset, spec, symbol, dt } = cell
  const cellState = await loadCellState(node, cell, now)
  const expectation = expectationOf(node.config, cell, asof, cellState.baseline)
  if (expectation.why === 'unknown_symbol' && isBlank(cellState)) throw unknownSymbol(node, cell)
  const vendors = await viewVendors(node, cell, cellState, now)
  const winner = winnerOf(node.config, cell, cellState)
  const absence = absenceOf(expectation, cellState, vendors)
  const judged = judgedOf(expectation, cellState)
  const stage = stageOf(cellState)
  const from = lookBackFrom(spec, asof)
  const next = nextStepOf({
    cell,
    expectation,
    cellState,
    vendors,
    winner,
    absence,
    judged,
    stage,
    lookBackFrom: from,
    now,
  })
  const { expectedFrom, ...expected } = expectation
  const nowNamed = expectation.symbol.nowNamed
  return {
    ok: true as const,
    dataset,
    symbol,
    dt,
    now: isoOf(now),
    asof,
    next: { at: isoOf(next.at), sentence: next.sentence },
    ...(nowNamed === null ? {} : { askInstead: `/why/${dataset}/${nowNamed}/${dt}` }),
    expected: { ...expected, expectedFrom: isoOf(expectedFrom) },
    backfill: { order: spec.backfill.order, lookBackFrom: from },
    coverage: cellState.coverage,
    absence: absence && { ...absence, decidedAt: isoOf(absence.decidedAt), recheckAt: isoOf(absence.recheckAt) },
    winner: winner && {
      vendor: winner.vendor,
      feed: vendors.find(({ vendor }) => vendor === winner.vendor)?.feed ?? null,
      rows: winner.rows,
      digest: winner.digest,
      at: isoOf(winner.at),
    },
    qc: { ...judged, checkedAt: isoOf(judged.checkedAt) },
    secondView: secondViewOf(cellState),
    decision: decisionView(cellState),
    partition: { name: partitionOf(spec.partition, dt), stage, ...partitionView(cellState) },
    task: taskView(cellState),
    incidents: cellState.incidents.map(incidentView),
    corrections: cellState.corrections.map((row) => ({
      ...row,
      at: isoOf(row.at),
      sentence: changeText(row.difference, row.verdict),
    })),
    /** Of corporate actions: what was stated of the day, and what became of it. */
    actions: await actionStory(node, cell),
    vendors: vendors.map((view) => vendorView(view, now)),
    /** Answers of vendors that the configuration no longer lists for the dataset. */
    formerVendors: cellState.attempts
      .filter(({ vendor }) => !vendors.some((view) => view.vendor === vendor))
      .map((attempt) => ({ vendor: attempt.vendor, attempt: attemptView(attempt) })),
  }
}

function unknownSymbol(node: Node, { dataset, spec, symbol }: Cell): RequestError {
  const groups = Object.keys(spec.groups ?? {})
  const there =
    spec.universe === 'groups'
      ? `there are ${groups.join(', ')}`
      : `config/universe.yaml has ${node.config.universe.length} others`
  return new RequestError(404, `no symbol ${symbol} in ${dataset}: ${there}`)
}

function partitionView({ partition }: CellState) {
  if (partition === null) return {}
  const { dataset: _dataset, partition: _name, touchedAt, curatedAt, checkedAt, leaseExpiresAt, ...rest } = partition
  return {
    ...rest,
    touchedAt: isoOf(touchedAt),
    curatedAt: isoOf(curatedAt),
    checkedAt: isoOf(checkedAt),
    leaseExpiresAt: isoOf(leaseExpiresAt === 0 ? null : leaseExpiresAt),
  }
}

function secondViewOf({ secondView }: CellState) {
  if (secondView === null) return null
  const { vendor, secondVendor, action, numbers, decidedAt } = secondView
  return {
    vendor,
    secondVendor,
    action,
    sentence: describeSecondView(action, vendor, secondVendor),
    numbers: JSON.parse(numbers) as Record<string, number>,
    decidedAt: isoOf(decidedAt),
  }
}

function decisionView({ decision }: CellState) {
  if (decision === null) return null
  return { decision: decision.decision, reason: decision.reason, digest: decision.digest, at: decision.at }
}

const incidentView = ({ kind, vendor, cells, openedAt, lastSeenAt, looks, nextLookAt, probes }: Incident) => ({
  kind,
  vendor: vendor === '*' ? null : vendor,
  sentence: describeIncident(kind, vendor, cells),
  cells,
  openedAt: isoOf(openedAt),
  lastSeenAt: isoOf(lastSeenAt),
  looks,
  nextLookAt: isoOf(nextLookAt),
  probes,
})

function taskView({ task }: CellState) {
  if (task === null) return null
  const { nextAt, createdAt, leasedBy, leasedAt, leaseExpiresAt, ...rest } = task
  return {
    ...rest,
    maxAttempts: MAX_ATTEMPTS,
    nextAt: isoOf(nextAt),
    createdAt: isoOf(createdAt),
    lease: leasedBy === null ? null : { vendor: leasedBy, since: isoOf(leasedAt), until: isoOf(leaseExpiresAt) },
  }
}

function vendorView(view: VendorView, now: number) {
  const { recency, demotions, circuit, budget, learned, attempt, obstacles, askableAt, ...rest } = view
  const at = isoOf(askableAt)
  return {
    ...rest,
    recency: { ...recency, availableAt: isoOf(recency.availableAt) },
    demotions: demotions.map(({ symbol, fromDt, toDt, outcome, until }) => ({
      symbol,
      fromDt,
      toDt,
      outcome,
      until: isoOf(until),
    })),
    circuit: circuit && {
      isOpen: circuit.blockedUntil > now,
      failures: circuit.failures,
      blockedUntil: circuit.blockedUntil > now ? isoOf(circuit.blockedUntil) : null,
      why: circuit.why,
    },
    budget: { ...budget, nextCallAt: isoOf(budget.nextCallAt) },
    learned: learned && { asked: learned.asked, filled: learned.filled, calls: learned.calls },
    attempt: attempt && attemptView(attempt),
    mayBeAsked: {
      can: askableAt <= now ? ('now' as const) : at === null ? ('never' as const) : ('later' as const),
      at,
      because: obstacles.map(({ sentence }) => sentence),
    },
  }
}

const attemptView = (attempt: CellAttempt) => ({
  count: attempt.count,
  at: isoOf(attempt.at),
  ...(attempt.since === null ? {} : { since: isoOf(attempt.since) }),
  outcome: attempt.outcome,
  meaning: `${attempt.vendor} ${describeOutcome(attempt.outcome)}`,
  status: attempt.status,
  rows: attempt.rows,
  digest: attempt.digest,
  note: attempt.note,
  refusedFor: attempt.refusedFor,
  rereadAt: isoOf(attempt.rereadAt),
  /** An answer that is in doubt may be asked for again since it was given. */
  askAgainAt: isoOf(attempt.askAgainAt === 0 ? attempt.at : attempt.askAgainAt),
})
