/** Turns the outcomes of one answer into one fenced write. */
import type { Attempt } from '../../db/attempts/list-attempts.ts'
import { listCircuits } from '../../db/circuits/circuits.ts'
import { type Demotion, demote, listDemotions } from '../../db/demotions/demotions.ts'
import { type Settlement, settleTasks } from '../../db/gap-tasks/settle-tasks.ts'
import { nextWindow, windowAt } from '../_expected/restate.ts'
import { digestRows } from '../_lake/digest.ts'
import type { KeptCell } from '../_lake/keep.ts'
import { newestVintages } from '../_lake/vintages.ts'
import { type CellKey, cellKey } from '../_market/cell.ts'
import { dayBit, maxDt, minDt, monthOf } from '../_market/dt.ts'
import type { Outcome } from '../_market/outcome.ts'
import { partitionOf } from '../_market/partition.ts'
import type { Answer } from '../_vendors/vendor.ts'
import { type Claim, taskOf } from './claim.ts'
import { type Desk, serversOf, sourceOf } from './desk.ts'
import type { CellOutcome } from './outcomes.ts'
import { serves } from './reach.ts'
import type { Restated } from './restated.ts'
import {
  FOREVER,
  type Judged,
  type OtherVendor,
  probeVerdict,
  rereadVerdict,
  type Verdict,
  verdictOf,
} from './verdict.ts'

/** A refusal of a whole plan is doubted sooner than one of a single symbol. */
const PLAN_DEMOTION_MS = 60 * 60_000
const SYMBOL_DEMOTION_MS = 30 * 24 * 60 * 60_000
/** What a vendor said is kept this long at the most. */
const NOTE_LENGTH = 300

/** What came of a claim: the answer cell by cell, the files written, and what the memory held before. */
export interface Gathered {
  answer: Answer
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
  const { answer, outcomes, kept, restated, known, night } = gathered
  const now = desk.now()
  const vendor = claim.server.seat.name
  const isPlans = ({ error }: CellOutcome): boolean => error !== null && error === answer.interruption
  await demote(desk.db, demotionsOf(claim, outcomes, isPlans, now))
  const othersOf = await othersSeenFrom(desk, claim, known, now)
  const mine = new Map(known.filter((row) => row.vendor === vendor).map((row) => [cellKey(row.symbol, row.dt), row]))
  const settledAs = (cell: CellOutcome): Omit<Settlement, 'partition'> => {
    const key = cellKey(cell.want.symbol, cell.want.dt)
    const task = taskOf(claim, cell.want)
    const isReread = task.reason === 're_read'
    const verdict = judgeOf(task.reason)({
      outcome: cell.outcome,
      source: sourceOf(desk, claim.server.seat),
      saysNone: cell.saysNone,
      doubtAt: nextWindow(claim.spec, cell.want.dt, night),
      retryAt: cell.error?.retryAt ?? null,
      believedMs: believedMs(isPlans(cell), cell.outcome),
      attempts: task.attempts + 1,
      asked: (mine.get(key)?.count ?? 0) + 1,
      others: othersOf(cell),
      now,
      jitter: desk.random(),
    })
    const window = isReread ? windowAt(claim.spec, cell.want.dt, night) : null
    const settled = {
      ...settlement(task.id, cell, verdict, kept.get(key)),
      ...changeOf(cell, kept.get(key), restated.get(key), mine.get(key)),
      window,
    }
    if (!isReread) return settled
    // The cell is present whatever came; only another version of it is news to coverage and to its partition.
    const isNews = settled.digest !== null && settled.digest !== mine.get(key)?.digest
    return {
      ...settled,
      present: isNews ? 1 : 0,
      short: isNews ? settled.short : 0,
      reread: verdict.state === 'done' ? 1 : 0,
    }
  }
  const settlements = outcomes.map(settledAs).map((row): Settlement => {
    const isChanged = row.present === 1 || row.absence !== null
    return { ...row, partition: isChanged ? partitionOf(claim.spec.partition, row.dt) : null }
  })
  const { token, dataset } = claim
  const settled = await settleTasks(desk.db, { token, vendor, dataset, settlements, night, now })
  return settled === settlements.length
}

/** What a task was queued for decides what an answer means for it. */
const judgeOf = (reason: string): ((judged: Judged) => Verdict) =>
  reason === 're_read' ? rereadVerdict : reason === 'probe' ? probeVerdict : verdictOf

function settlement(
  id: number,
  cell: CellOutcome,
  verdict: Verdict,
  kept: KeptCell | undefined,
): Omit<Settlement, keyof Change | 'partition'> {
  const { symbol, dt } = cell.want
  return {
    id,
    symbol,
    dt,
    month: monthOf(dt),
    bit: dayBit(dt),
    outcome: cell.outcome,
    status: cell.error?.status ?? null,
    rows: kept?.rows ?? 0,
    digest: kept?.digest ?? null,
    note: cell.error?.message.slice(0, NOTE_LENGTH) ?? null,
    askAgainAt: Math.round(verdict.askAgainAt),
    present: kept ? 1 : 0,
    short: cell.outcome === 'short' ? 1 : 0,
    absence: kept ? null : verdict.absence,
    recheckAt: verdict.recheckAt === null ? null : Math.round(verdict.recheckAt),
    state: verdict.state,
    nextAt: Math.round(verdict.nextAt),
    burns: verdict.burns ? 1 : 0,
    reread: 0,
  }
}

type Change = Pick<Settlement, 'difference' | 'refused' | 'window'>

/** How the answer differs from this vendor's version before, and whether it is a smaller one that was not taken. */
function changeOf(
  { outcome, rows }: CellOutcome,
  kept: KeptCell | undefined,
  restated: Restated | undefined,
  known: Attempt | undefined,
): Omit<Change, 'window'> {
  if (outcome === 'empty' && known?.digest != null) {
    // A withdrawn value that is stated as none is a row still.
    const difference = rows.length > 0 ? null : { added: 0, removed: known.rows, changed: 0, fields: [] }
    return { difference, refused: { digest: digestRows(newestVintages(rows)), rows: 0 } }
  }
  const isRefused = kept?.verdict === 'kept_more_rows' && restated !== undefined
  const refused = isRefused ? { digest: restated.digest, rows: restated.rows } : null
  return { difference: restated?.difference ?? null, refused }
}

/** What the other vendors could still do for a cell. */
async function othersSeenFrom(
  desk: Desk,
  claim: Claim,
  known: Attempt[],
  now: number,
): Promise<(cell: CellOutcome) => OtherVendor[]> {
  const others = serversOf(desk, claim.dataset).filter(({ seat }) => seat.name !== claim.server.seat.name)
  const circuits = new Map((await listCircuits(desk.db)).map((row) => [row.vendor, row.blockedUntil]))
  const demotions = await listDemotions(desk.db, claim.dataset, now)
  const answers = new Map(known.map((row) => [`${row.vendor} ${cellKey(row.symbol, row.dt)}`, row]))
  const isDemoted = (vendor: string, symbol: string, dt: string): boolean =>
    demotions.some(
      (row) =>
        row.vendor === vendor && (row.symbol === '*' || row.symbol === symbol) && dt >= row.fromDt && dt <= row.toDt,
    )
  return ({ want: { symbol, dt } }) =>
    others.map(({ seat, terms }) => {
      const answer = answers.get(`${seat.name} ${cellKey(symbol, dt)}`)
      const served = serves(terms, claim.spec, dt, now)
      const never = served.can === 'never' || isDemoted(seat.name, symbol, dt)
      const from = Math.max(now, circuits.get(seat.name) ?? 0, answer?.askAgainAt ?? 0)
      return {
        vendor: seat.name,
        source: sourceOf(desk, seat),
        askAt: never ? FOREVER : Math.max(from, served.can === 'later' ? served.at : 0),
        waitsForRecency: served.can === 'later',
        saidEmpty: answer?.outcome === 'empty' && answer.askAgainAt > 0,
      }
    })
}

/** Missing rights to everything may be a key that is soon mended; a wall or an unknown symbol stays. */
const believedMs = (whole: boolean, outcome: Outcome): number =>
  whole && outcome === 'not_entitled' ? PLAN_DEMOTION_MS : SYMBOL_DEMOTION_MS

/** Refusals with their scope: the whole dataset when the plan was refused, a symbol that was refused on its own account. */
function demotionsOf(
  claim: Claim,
  outcomes: CellOutcome[],
  isPlans: (cell: CellOutcome) => boolean,
  now: number,
): Demotion[] {
  const vendor = claim.server.seat.name
  const refused = outcomes.filter(({ outcome }) => outcome === 'not_entitled' || outcome === 'before_history')
  const scopes = new Map<string, Demotion>()
  for (const cell of refused) {
    const { want, outcome } = cell
    const whole = isPlans(cell)
    const symbol = whole ? '*' : want.symbol
    const scope = scopes.get(`${symbol} ${outcome}`)
    // A name that is unknown says nothing of the names the company had on other days.
    const isOneOfItsNames = !whole && (claim.terms.names[want.symbol]?.was.length ?? 0) > 0
    const days: Pick<Demotion, 'fromDt' | 'toDt'> =
      outcome === 'not_entitled' && !isOneOfItsNames
        ? { fromDt: '0000-01-01', toDt: '9999-12-31' }
        : {
            fromDt: outcome === 'before_history' ? '0000-01-01' : minDt(want.dt, scope?.fromDt ?? want.dt),
            toDt: maxDt(want.dt, scope?.toDt ?? want.dt),
          }
    const until = now + believedMs(whole, outcome)
    scopes.set(`${symbol} ${outcome}`, { vendor, dataset: claim.dataset, symbol, ...days, outcome, until })
  }
  return [...scopes.values()]
}
