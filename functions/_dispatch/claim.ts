/** Choosing the next call: the head of the queue, the best vendor that may serve it now, and every task that can ride along. */
import type { DatasetConfig } from '../../config/schema.ts'
import { usualRows } from '../../db/attempts/usual-rows.ts'
import { callsSpent, type Limits, nextCallAt } from '../../db/budgets/take-calls.ts'
import { type Circuit, listCircuits } from '../../db/circuits/circuits.ts'
import { claimTasks } from '../../db/gap-tasks/claim-tasks.ts'
import type { QueuedTask, VendorReach } from '../../db/gap-tasks/claimable.ts'
import { countReach } from '../../db/gap-tasks/count-reach.ts'
import { findHead } from '../../db/gap-tasks/find-head.ts'
import { findNeighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { mayTake } from '../../db/gap-tasks/may-take.ts'
import { nextDue } from '../../db/gap-tasks/next-due.ts'
import { reapLeases } from '../../db/gap-tasks/reap-leases.ts'
import { anyLease } from '../../db/leases/any-lease.ts'
import { listScores } from '../../db/vendor-scores/scores.ts'
import { type CellKey, cellKey, type DatasetName } from '../_market/cell.ts'
import type { Host } from '../_vendors/http.ts'
import type { CallPlan, PlanTerms, Want } from '../_vendors/vendor.ts'
import { type Desk, datasetsOf, type Lane, namesOf, type Server, serversOf } from './desk.ts'
import { PATIENCE_MS } from './patient.ts'
import { type Candidate, pickNext, rankingOf } from './pick.ts'
import { planBack } from './plan-back.ts'
import { reachOf } from './reach.ts'
import { ROWS_PER_CELL, type Score, scoreOf } from './score.ts'
import { MAX_ATTEMPTS } from './verdict.ts'

/** A lease outlives every single request by far, and is renewed while the pages of a plan arrive. */
export const LEASE_MS = 20 * 60_000
/** Tasks offered to one plan: twice what its pages hold, so that it can choose; more would only cost memory and time. */
const LEAST_OFFERED = 2_000
const MOST_OFFERED = 40_000
/** A worker that finds everything held by others looks again after this. */
const LOOK_AGAIN_MS = 5_000
/**
 * Plans of these are no longer than what is left of the budget. One that the budget cuts leaves a scatter of cells, whose later calls are
 * not full; the plans of the others go on where they ended (kept-pages.ts).
 */
const CUT_TO_BUDGET: ReadonlySet<DatasetConfig['expected_rows']> = new Set(['one', 'session_minutes'])
/** Times a claim is tried again when other workers took the head first. */
const TRIES = 5

export interface Choice {
  server: Server
  dataset: DatasetName
  spec: DatasetConfig
  head: QueuedTask
  /** All vendors that could serve the head now, best first. */
  ranking: Score[]
  plan: CallPlan
  terms: PlanTerms
  tasks: Map<CellKey, QueuedTask>
}

export interface Claim extends Choice {
  token: string
}

export interface Nothing {
  /** When something may be claimable, epoch ms; null when the queue is empty. */
  nextAt: number | null
}

/** A claimed call, or when to come back. Nothing is sent and nothing is spent. */
export async function claimNext(desk: Desk, lane: Lane | null): Promise<Claim | Nothing> {
  await reapLeases(desk.db, MAX_ATTEMPTS, desk.now())
  for (let tries = 0; tries < TRIES; tries++) {
    const choice = await chooseNext(desk, lane)
    if (!('plan' in choice)) return choice
    const token = desk.token()
    const now = desk.now()
    const taken = await claimTasks(desk.db, {
      ids: choice.plan.wants.map((want) => taskOf(choice, want).id),
      vendor: choice.server.seat.name,
      token,
      holder: desk.holder,
      now,
      leaseExpiresAt: now + LEASE_MS,
    })
    const wants = choice.plan.wants.filter((want) => taken.has(taskOf(choice, want).id))
    if (wants.length === 0) continue
    const { vendor: account } = limitsOf(choice.server.seat, choice.head.lane)
    desk.promised.promise(account, token, choice.plan.expectedCalls)
    return { ...choice, plan: { ...choice.plan, wants }, token }
  }
  return { nextAt: desk.now() }
}

/** The task behind a want of a choice's plan. */
export function taskOf(choice: Choice, want: Want): QueuedTask {
  const task = choice.tasks.get(cellKey(want.symbol, want.dt))
  if (!task) throw new Error(`${choice.server.seat.name} planned ${want.symbol} ${want.dt}, which it was not offered`)
  return task
}

/** What would be claimed now: the dry run of a dispatch. */
export async function chooseNext(desk: Desk, lane: Lane | null): Promise<Choice | Nothing> {
  const now = desk.now()
  const candidates = await findCandidates(desk, lane, now)
  const best = pickNext(candidates, now)
  if (best) return await planFor(best, candidates, desk)
  const due = await nextDue(desk.db, lane, now)
  const times = [...candidates.map(({ freeAt }) => freeAt), due].filter((at) => at !== null)
  // What another worker holds may come back at any time, not only when its lease lapses.
  if (await anyLease(desk.db)) times.push(now + LOOK_AGAIN_MS)
  return { nextAt: times.length === 0 ? null : Math.max(now, Math.min(...times)) }
}

/** The first claimable task of every vendor in every dataset, with the instant from which it may be sent a call. */
async function findCandidates(desk: Desk, lane: Lane | null, now: number): Promise<Candidate[]> {
  const circuits = await listCircuits(desk.db)
  const scores = await listScores(desk.db)
  const candidates: Candidate[] = []
  for (const { dataset, spec } of datasetsOf(desk.config)) {
    for (const server of serversOf(desk, dataset)) {
      const vendor = server.seat.name
      const reach: VendorReach = { vendor, dataset, ...reachOf(server.terms, spec, now), lane, now }
      const head = await findHead(desk.db, reach)
      if (!head) continue
      const learned = scores.find((row) => row.vendor === vendor && row.dataset === dataset)
      const freeAt = await freeFrom(desk, server, head.lane, circuits, now)
      const score = scoreOf(server, spec, learned)
      candidates.push({ server, dataset, spec, reach, head, score, freeAt, isShared: false })
    }
  }
  for (const candidate of candidates) candidate.isShared = await isShared(desk, candidate, candidates, now)
  return candidates
}

/** Whether a better vendor that is free may take the head as well, and can take all it may within the calls it has left. */
async function isShared(
  desk: Desk,
  { head, dataset, score }: Candidate,
  all: Candidate[],
  now: number,
): Promise<boolean> {
  for (const other of all) {
    if (other.dataset !== dataset || other.score.score <= score.score) continue
    if (other.freeAt === null || other.freeAt > now) continue
    if (other.head.id !== head.id && !(await mayTake(desk.db, other.reach, head.id))) continue
    if (await isDoneSoon(desk, other.server, all)) return true
  }
  return false
}

/** Whether the calls a vendor has left in this minute are enough for all it may take: what others took of it would save no time. */
async function isDoneSoon(desk: Desk, { seat }: Server, all: readonly Candidate[]): Promise<boolean> {
  let left = await callsLeft(desk, limitsOf(seat, 'backfill'))
  for (const { server, spec, reach } of all) {
    if (server.seat !== seat) continue
    const cellsPerCall = cellsPerPage(server, spec)
    const most = Math.floor(left * cellsPerCall)
    const waiting = await countReach(desk.db, reach, most + 1)
    if (waiting > most) return false
    left -= waiting / cellsPerCall
  }
  return true
}

/** When a vendor may be sent a call of a lane: its circuit closed, its budget not empty. Null for never. */
async function freeFrom(
  desk: Desk,
  server: Server,
  lane: Lane,
  circuits: Circuit[],
  now: number,
): Promise<number | null> {
  const blockedUntil = circuits.find((row) => row.vendor === server.seat.name)?.blockedUntil ?? 0
  const budgetAt = await nextCallAt(desk.db, limitsOf(server.seat, lane), now)
  return budgetAt === null ? null : Math.max(blockedUntil, budgetAt)
}

/**
 * A vendor's limits at one of its hosts as one lane may use them: lane `backfill` leaves the share kept for `today` untouched. Vendors
 * of one account spend from the same purse, and a host of its own has one of its own.
 */
export function limitsOf(seat: Pick<Server['seat'], 'name' | 'config'>, lane: Lane, host: Host = 'data'): Limits {
  const { calls_per_minute, calls_per_day, today_share, trading_url, account } = seat.config
  const kept = lane === 'today' ? 0 : Math.floor(calls_per_minute * today_share)
  // However large the share, backfill keeps one call a minute, if there is any at all.
  const perMinute = Math.max(Math.min(1, calls_per_minute), calls_per_minute - kept)
  const owner = account ?? seat.name
  const vendor = host === 'trading' && trading_url !== undefined ? `${owner}.trading` : owner
  return { vendor, perMinute, perDay: calls_per_day }
}

async function planFor(best: Candidate, candidates: Candidate[], desk: Desk): Promise<Choice> {
  const { server, dataset, spec, reach, head } = best
  const neighbours = await findNeighbours(desk.db, reach, head, offeredTo(server, spec))
  const terms = planTerms(server, dataset, spec, namesOf(desk.config), reach.now)
  if (CUT_TO_BUDGET.has(spec.expected_rows)) {
    const left = await callsLeft(desk, limitsOf(server.seat, head.lane))
    terms.shape.pagesPerPlan = Math.max(1, Math.min(terms.shape.pagesPerPlan, left))
  }
  const tasks = new Map([head, ...neighbours].map((task) => [cellKey(task.symbol, task.dt), task]))
  const { connector } = server.seat
  const [first, ...wants] = await wantsOf(desk.db, server, dataset, spec, [head, ...neighbours])
  const isNewestFirst = spec.backfill.order === 'newest-first'
  const plan = isNewestFirst ? planBack(connector, first!, wants, terms) : connector.plan(first!, wants, terms)
  const ranking = rankingOf(head, candidates, reach.now).map(({ score }) => score)
  return { server, dataset, spec, head, ranking, plan, terms, tasks }
}

/** What a plan may count on: calls that are free now or before a page of it loses patience, and that no other plan means to send. */
async function callsLeft(desk: Desk, { vendor, perMinute, perDay }: Limits): Promise<number> {
  const spent = await callsSpent(desk.db, vendor, desk.now() + PATIENCE_MS)
  const left = Math.min(perMinute - spent.minute, (perDay ?? Number.POSITIVE_INFINITY) - spent.day)
  return left - desk.promised.of(vendor)
}

function offeredTo(server: Server, spec: DatasetConfig): number {
  const capacity = cellsPerPage(server, spec) * server.terms.shape.pages_per_plan
  return Math.min(MOST_OFFERED, Math.max(LEAST_OFFERED, Math.ceil(2 * capacity)))
}

const cellsPerPage = ({ terms }: Server, spec: DatasetConfig): number =>
  Math.max(1, terms.shape.rows_per_page / ROWS_PER_CELL[spec.expected_rows])

/** Of minutes the calendar knows those of the session; how many a symbol has before and after it, its latest answers tell. */
async function wantsOf(
  db: Desk['db'],
  { seat }: Server,
  dataset: DatasetName,
  spec: DatasetConfig,
  tasks: readonly QueuedTask[],
): Promise<Want[]> {
  const isReckoned = spec.expected_rows === 'session_minutes'
  const symbols = isReckoned ? [...new Set(tasks.map(({ symbol }) => symbol))] : []
  const usual = await usualRows(db, dataset, seat.name, symbols)
  return tasks.map(({ symbol, dt, expectedRows }) => ({
    symbol,
    dt,
    expectedRows: usual.get(symbol) ?? expectedRows,
  }))
}

/** What a connector is told of a dataset and of this vendor's limits. */
export function planTerms(
  server: Server,
  dataset: DatasetName,
  spec: DatasetConfig,
  names: PlanTerms['names'],
  now: number,
): PlanTerms {
  const { rows_per_page, symbols_per_call, pages_per_plan } = server.terms.shape
  const groups = Object.entries(spec.groups ?? {})
  return {
    dataset,
    shape: {
      feed: server.terms.feed,
      rowsPerPage: rows_per_page,
      symbolsPerCall: symbols_per_call,
      pagesPerPlan: pages_per_plan,
    },
    now,
    settledUntil: null,
    timeframe: spec.timeframe ?? null,
    expireWithinDays: spec.contracts?.expire_within_days ?? 0,
    names,
    series: Object.fromEntries(groups.map(([group, { series }]) => [group, series.map(({ id }) => id)])),
  }
}
