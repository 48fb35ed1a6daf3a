/** Turns the outcomes of one answer into fenced writes. */
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { demote } from '../../db/demotions/demotions.ts'
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import { bySymbolAndDay, type Settlement, settledTogether, settleTasks } from '../../db/gap-tasks/settle-tasks.ts'
import { nextWindow, windowAt } from '../_expected/restate.ts'
import { digestRows } from '../_lake/digest.ts'
import type { KeptCell } from '../_lake/keep.ts'
import { newestVintages } from '../_lake/vintages.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { partitionOf } from '../_market/partition.ts'
import type { Claim } from './claim.ts'
import { believedMs, demotionsOf } from './demotions-of.ts'
import { type Desk, sourceOf } from './desk.ts'
import { othersSeenFrom } from './other-vendors.ts'
import type { CellOutcome, Said } from './outcomes.ts'
import type { Restated } from './restated.ts'
import { type Judged, probeVerdict, rereadVerdict, type Verdict, verdictOf } from './verdict.ts'

/** What a vendor said is kept this long at the most. */
const NOTE_LENGTH = 300

/** What came of a claim: the answer cell by cell, the files written, and what the memory held before. */
export interface Gathered {
  answer: Said
  outcomes: CellOutcome[]
  kept: Map<CellKey, KeptCell>
  /** Answers that are not what the memory knew. */
  restated: Map<CellKey, Restated>
  known: Attempt[]
  /** The instant of the night the call speaks for, epoch ms. */
  night: number
}

/** True when every task of the claim was still this holder's. */
export async function settle(desk: Desk, claim: Claim, gathered: Gathered): Promise<boolean> {
  const { answer, outcomes, known, night } = gathered
  const now = desk.now()
  const { token, dataset } = claim
  const vendor = claim.server.seat.name
  const isPlans = ({ error }: CellOutcome): boolean => error !== null && error === answer.interruption
  await demote(desk.db, demotionsOf(claim, outcomes, isPlans, now))
  const othersOf = await othersSeenFrom(desk, claim, known, now)
  const mine = new Map(known.filter((row) => row.vendor === vendor).map((row) => [cellKey(row.symbol, row.dt), row]))
  const source = sourceOf(desk, claim.server.seat)
  // Of what is filled nothing else counts than what it was asked for: one verdict is that of thousands.
  const ofFilled = new Map<string, Verdict>()
  const verdictFor = (cell: CellOutcome, { reason, attempts }: QueuedTask): Verdict => {
    const { want, key, outcome, saysNone, error } = cell
    const same = outcome === 'filled' ? ofFilled.get(reason) : undefined
    if (same !== undefined) return same
    const verdict = judgeOf(reason)({
      outcome,
      source,
      saysNone,
      doubtAt: saysNone ? nextWindow(claim.spec, want.dt, night) : null,
      retryAt: error?.retryAt ?? null,
      believedMs: believedMs(isPlans(cell), outcome),
      attempts: attempts + 1,
      asked: (mine.get(key)?.count ?? 0) + 1,
      // A cell that is filled is done, whoever else might have it.
      others: outcome === 'filled' ? [] : othersOf(want.symbol, want.dt),
      now,
      jitter: desk.random(),
    })
    if (outcome === 'filled') ofFilled.set(reason, verdict)
    return verdict
  }
  const inOrder = outcomes.toSorted((a, b) => bySymbolAndDay(a.want, b.want))
  let isAllMine = true
  // What is made of a large answer need not all be in memory at once.
  for (const part of settledTogether(inOrder, ({ want }) => want)) {
    const settlements = part.map((cell): Settlement => {
      const task = claim.tasks.get(cell.want)!
      return settlementOf(claim, gathered, cell, task, verdictFor(cell, task), mine.get(cell.key))
    })
    const settled = await settleTasks(desk.db, { token, vendor, dataset, settlements, night, now })
    if (settled < new Set(settlements.map(({ id }) => id)).size) isAllMine = false
    await nextTurn()
  }
  return isAllMine
}

/** What a task was queued for decides what an answer means for it. */
const judgeOf = (reason: string): ((judged: Judged) => Verdict) =>
  reason === 're_read' ? rereadVerdict : reason === 'probe' ? probeVerdict : verdictOf

/** `before` is this vendor's answer before. Written out field by field: there are millions of these. */
function settlementOf(
  claim: Claim,
  { kept, restated, night }: Gathered,
  cell: CellOutcome,
  task: QueuedTask,
  verdict: Verdict,
  before: Attempt | undefined,
): Settlement {
  const { symbol, dt } = cell.want
  const written = kept.get(cell.key)
  const change = changeOf(cell, written, restated.get(cell.key), before)
  const isReread = task.reason === 're_read'
  // A cell that is read again is present whatever came; only another version of it is news to coverage and to its partition.
  const isNews = written !== undefined && (!isReread || written.digest !== before?.digest)
  const absence = written ? null : verdict.absence
  return {
    id: task.id,
    symbol,
    dt,
    outcome: cell.outcome,
    status: cell.error?.status ?? null,
    rows: written?.rows ?? 0,
    digest: written?.digest ?? null,
    note: cell.error?.message.slice(0, NOTE_LENGTH) ?? null,
    askAgainAt: Math.round(verdict.askAgainAt),
    present: isNews ? 1 : 0,
    short: cell.outcome === 'short' && (isNews || !isReread) ? 1 : 0,
    absence,
    recheckAt: verdict.recheckAt === null ? null : Math.round(verdict.recheckAt),
    state: verdict.state,
    nextAt: Math.round(verdict.nextAt),
    burns: verdict.burns ? 1 : 0,
    reread: isReread && verdict.state === 'done' ? 1 : 0,
    difference: change.difference,
    refused: change.refused,
    window: isReread ? windowAt(claim.spec, dt, night) : null,
    partition: isNews || absence !== null ? partitionOf(claim.spec.partition, dt) : null,
  }
}

/** How the answer differs from this vendor's version before, and whether it is a smaller one that was not taken. */
function changeOf(
  { outcome, rows }: CellOutcome,
  kept: KeptCell | undefined,
  restated: Restated | undefined,
  before: Attempt | undefined,
): Pick<Settlement, 'difference' | 'refused'> {
  if (outcome === 'empty' && before?.digest != null) {
    // A withdrawn value that is stated as none is a row still.
    const difference = rows.length > 0 ? null : { added: 0, removed: before.rows, changed: 0, fields: [] }
    return { difference, refused: { digest: digestRows(newestVintages(rows)), rows: 0 } }
  }
  const isRefused = kept?.verdict === 'kept_more_rows' && restated !== undefined
  const refused = isRefused ? { digest: restated.digest, rows: restated.rows } : null
  return { difference: restated?.difference ?? null, refused }
}
