/** Turns the outcomes of one answer into fenced writes. */
import { setImmediate as yieldToEventLoop } from 'node:timers/promises'
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { demote } from '../../db/demotions/demotions.ts'
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import { bySymbolAndDay, settledTogether, settleTasks } from '../../db/gap-tasks/settle-tasks.ts'
import type { Settlement } from '../../db/gap-tasks/settlement.ts'
import { providerOf } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { nextWindow, windowAt } from '../_expected/reread-windows.ts'
import { digestRows, isSameDigest } from '../_lake/digest.ts'
import { newestVintages } from '../_lake/vintages.ts'
import type { StoredCell } from '../_lake/write-cells.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { partitionOf } from '../_market/partition.ts'
import type { Claim } from './claim.ts'
import { demotionsOf, ttlMs } from './demotions-of.ts'
import type { Corrections } from './detect-corrections.ts'
import { knowsSymbolFrom } from './knows-symbol.ts'
import { othersSeenFrom } from './other-vendors.ts'
import type { AnswerSummary, CellOutcome } from './outcomes.ts'
import {
  type Disposition,
  type DispositionInput,
  dispositionOf,
  probeDisposition,
  rereadDisposition,
} from './retry-policy.ts'

/** What a vendor said is kept this long at the most. */
const NOTE_LENGTH = 300

/** The results of a claim: the answer cell by cell, the files written, and the earlier evidence. */
export interface SettleInput {
  answer: AnswerSummary
  outcomes: CellOutcome[]
  stored: Map<CellKey, StoredCell>
  /** Answers that differ from the version in the database. */
  corrections: Map<CellKey, Corrections>
  known: Attempt[]
  /** The instant of the night the call speaks for, epoch ms. */
  asOf: number
}

/** True when every task of the claim was still this holder's. */
export async function settle(context: DispatchContext, claim: Claim, gathered: SettleInput): Promise<boolean> {
  const { answer, outcomes, known, asOf } = gathered
  const now = context.now()
  const { token, dataset } = claim
  const vendor = claim.source.connection.name
  const isPlans = ({ error }: CellOutcome): boolean => error !== null && error === answer.interruption
  await demote(context.db, demotionsOf(claim, outcomes, isPlans, now))
  const knowsSymbol = await knowsSymbolFrom(context, claim, outcomes, known)
  const othersOf = await othersSeenFrom(context, claim, known, knowsSymbol, now)
  const mine = new Map(known.filter((row) => row.vendor === vendor).map((row) => [cellKey(row.symbol, row.dt), row]))
  const source = providerOf(context, claim.source.connection)
  // Of what is filled nothing else counts than what it was asked for: one verdict is that of thousands.
  const ofFilled = new Map<string, Disposition>()
  const dispositionFor = (cell: CellOutcome, { reason, attempts }: QueuedTask): Disposition => {
    const { want, key, outcome, saysNone, error } = cell
    const same = outcome === 'filled' ? ofFilled.get(reason) : undefined
    if (same !== undefined) return same
    const disposition = judgeOf(reason)({
      outcome,
      source,
      knowsSymbol: knowsSymbol(vendor, want.symbol),
      saysNone,
      doubtAt: saysNone ? nextWindow(claim.spec, want.dt, asOf) : null,
      retryAt: error?.retryAt ?? null,
      ttlMs: ttlMs(isPlans(cell), outcome),
      attempts: attempts + 1,
      asked: (mine.get(key)?.count ?? 0) + 1,
      // A cell that is filled is done, whoever else might have it.
      others: outcome === 'filled' ? [] : othersOf(want.symbol, want.dt),
      now,
      jitter: context.random(),
    })
    if (outcome === 'filled') ofFilled.set(reason, disposition)
    return disposition
  }
  const inOrder = outcomes.toSorted((a, b) => bySymbolAndDay(a.want, b.want))
  let isAllMine = true
  // What is made of a large answer need not all be in memory at once.
  for (const part of settledTogether(inOrder, ({ want }) => want)) {
    const settlements = part.map((cell): Settlement => {
      const task = claim.tasks.get(cell.want)!
      return settlementOf(claim, gathered, cell, task, dispositionFor(cell, task), mine.get(cell.key))
    })
    const settled = await settleTasks(context.db, { token, vendor, dataset, settlements, asOf, now })
    if (settled < new Set(settlements.map(({ id }) => id)).size) isAllMine = false
    await yieldToEventLoop()
  }
  return isAllMine
}

/** What a task was queued for decides what an answer means for it. */
const judgeOf = (reason: string): ((judged: DispositionInput) => Disposition) =>
  reason === 're_read' ? rereadDisposition : reason === 'probe' ? probeDisposition : dispositionOf

/** `before` is this vendor's answer before. Written out field by field: there are millions of these. */
function settlementOf(
  claim: Claim,
  { stored, corrections, asOf }: SettleInput,
  cell: CellOutcome,
  task: QueuedTask,
  disposition: Disposition,
  before: Attempt | undefined,
): Settlement {
  const { symbol, dt } = cell.want
  const written = stored.get(cell.key)
  const change = changeOf(cell, written, corrections.get(cell.key), before)
  const isReread = task.reason === 're_read'
  // A cell that is read again is present whatever came; only another version of it is news to coverage and to its partition.
  const isNews = written !== undefined && (!isReread || !isSameDigest(written.digest, before?.digest ?? null))
  const absence = written ? null : disposition.absence
  return {
    id: task.id,
    symbol,
    dt,
    // What was withdrawn is kept, marked: the cell is delivered still.
    outcome: written && cell.outcome === 'empty' ? 'filled' : cell.outcome,
    status: cell.error?.status ?? null,
    rows: written?.rows ?? 0,
    digest: written?.digest ?? null,
    note: cell.error?.message.slice(0, NOTE_LENGTH) ?? null,
    askAgainAt: Math.round(disposition.askAgainAt),
    present: isNews ? 1 : 0,
    short: cell.outcome === 'short' && (isNews || !isReread) ? 1 : 0,
    absence,
    recheckAt: disposition.recheckAt === null ? null : Math.round(disposition.recheckAt),
    state: disposition.state,
    nextAt: Math.round(disposition.nextAt),
    countsAsAttempt: disposition.countsAsAttempt ? 1 : 0,
    reread: isReread && disposition.state === 'done' ? 1 : 0,
    difference: change.difference,
    refused: change.refused,
    window: isReread ? windowAt(claim.spec, dt, asOf) : null,
    partition: isNews || absence !== null ? partitionOf(claim.spec.partition, dt) : null,
  }
}

/** How the answer differs from this vendor's version before, and whether it is a smaller one that was not taken. */
function changeOf(
  { outcome, rows }: CellOutcome,
  stored: StoredCell | undefined,
  corrections: Corrections | undefined,
  before: Attempt | undefined,
): Pick<Settlement, 'difference' | 'refused'> {
  if (outcome === 'empty' && stored === undefined && before?.digest != null) {
    // A withdrawn value that is stated as none is a row still.
    const difference = rows.length > 0 ? null : { added: 0, removed: before.rows, changed: 0, fields: [] }
    return { difference, refused: { digest: digestRows(newestVintages(rows)), rows: 0 } }
  }
  const isRefused = stored?.verdict === 'kept_more_rows' && corrections !== undefined
  const refused = isRefused ? { digest: corrections.digest, rows: corrections.rows } : null
  return { difference: corrections?.difference ?? null, refused }
}
