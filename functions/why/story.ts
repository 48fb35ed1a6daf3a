/** The whole chain of one cell: what was expected, who was asked, what they answered, what was concluded, what comes next. */
import type { CellAttempt } from '../../db/attempts/list-cell-attempts.ts'
import type { Incident } from '../../db/incidents/list-incidents.ts'
import { MAX_ATTEMPTS } from '../_dispatch/verdict.ts'
import { asofAt, lookBackFrom } from '../_expected/expected.ts'
import { changeText } from '../_market/difference.ts'
import { partitionOf } from '../_market/partition.ts'
import { RequestError } from '../_runtime/door.ts'
import type { Node } from '../_runtime/node.ts'
import { absenceOf, judgedOf, stageOf, winnerOf } from './conclusion.ts'
import { expectationOf } from './expectation.ts'
import { meaningOfIncident, meaningOfOutcome } from './meanings.ts'
import { isBlank, type Memory, recall } from './memory.ts'
import { isoOf } from './new-york-text.ts'
import { nextStepOf } from './next-step.ts'
import type { Cell } from './question.ts'
import { type VendorView, viewVendors } from './vendors.ts'

export type Story = Awaited<ReturnType<typeof storyOf>>
export type VendorStory = Story['vendors'][number]

/** Ready to be sent: instants are UTC texts, null for never. Throws RequestError 404 for a symbol nobody has heard of. */
export async function storyOf(node: Node, cell: Cell) {
  const now = node.now()
  const asof = asofAt(now)
  const { dataset, spec, symbol, dt } = cell
  const memory = await recall(node, cell, now)
  const expectation = expectationOf(node.config, cell, asof, memory.habit)
  if (expectation.why === 'unknown_symbol' && isBlank(memory)) throw unknownSymbol(node, cell)
  const vendors = await viewVendors(node, cell, memory, now)
  const winner = winnerOf(node.config, cell, memory)
  const absence = absenceOf(expectation, memory, vendors)
  const judged = judgedOf(expectation, memory)
  const stage = stageOf(memory)
  const from = lookBackFrom(spec, asof)
  const next = nextStepOf({
    cell,
    expectation,
    memory,
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
    coverage: memory.coverage,
    absence: absence && { ...absence, decidedAt: isoOf(absence.decidedAt), recheckAt: isoOf(absence.recheckAt) },
    winner: winner && {
      vendor: winner.vendor,
      feed: vendors.find(({ vendor }) => vendor === winner.vendor)?.feed ?? null,
      rows: winner.rows,
      digest: winner.digest,
      at: isoOf(winner.at),
    },
    qc: { ...judged, checkedAt: isoOf(judged.checkedAt) },
    partition: { name: partitionOf(spec.partition, dt), stage, ...partitionStory(memory) },
    task: taskStory(memory),
    incidents: memory.incidents.map(incidentStory),
    corrections: memory.corrections.map((row) => ({
      ...row,
      at: isoOf(row.at),
      sentence: changeText(row.difference, row.verdict),
    })),
    vendors: vendors.map((view) => vendorStory(view, now)),
    /** Answers of vendors that the configuration no longer lists for the dataset. */
    formerVendors: memory.attempts
      .filter(({ vendor }) => !vendors.some((view) => view.vendor === vendor))
      .map((attempt) => ({ vendor: attempt.vendor, attempt: attemptStory(attempt) })),
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

function partitionStory({ partition }: Memory) {
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

const incidentStory = ({ kind, vendor, cells, openedAt, lastSeenAt, looks, nextLookAt, probes }: Incident) => ({
  kind,
  vendor: vendor === '*' ? null : vendor,
  sentence: meaningOfIncident(kind, vendor, cells),
  cells,
  openedAt: isoOf(openedAt),
  lastSeenAt: isoOf(lastSeenAt),
  looks,
  nextLookAt: isoOf(nextLookAt),
  probes,
})

function taskStory({ task }: Memory) {
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

function vendorStory(view: VendorView, now: number) {
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
    attempt: attempt && attemptStory(attempt),
    mayBeAsked: {
      can: askableAt <= now ? ('now' as const) : at === null ? ('never' as const) : ('later' as const),
      at,
      because: obstacles.map(({ sentence }) => sentence),
    },
  }
}

const attemptStory = (attempt: CellAttempt) => ({
  count: attempt.count,
  at: isoOf(attempt.at),
  outcome: attempt.outcome,
  meaning: `${attempt.vendor} ${meaningOfOutcome(attempt.outcome)}`,
  status: attempt.status,
  rows: attempt.rows,
  digest: attempt.digest,
  note: attempt.note,
  refusedFor: attempt.refusedFor,
  rereadAt: isoOf(attempt.rereadAt),
  /** An answer that is in doubt may be asked for again since it was given. */
  askAgainAt: isoOf(attempt.askAgainAt === 0 ? attempt.at : attempt.askAgainAt),
})
