/** Each vendor of a dataset as seen from one cell: what its plan covers, what it said, and what keeps it from being asked now. */
import type { Recency, VendorDatasetConfig } from '../../config/schema.ts'
import type { CellAttempt } from '../../db/attempts/list-cell-attempts.ts'
import { callsSpent, nextCallAt } from '../../db/budgets/take-calls.ts'
import type { Circuit } from '../../db/circuits/circuits.ts'
import type { Demotion } from '../../db/demotions/demotions.ts'
import type { VendorScore } from '../../db/vendor-scores/scores.ts'
import { calendarOf } from '../_calendar/calendar.ts'
import { limitsOf } from '../_catalog/account-limits.ts'
import { availableAt, historyStart } from '../_catalog/availability.ts'
import type { VendorConnection } from '../_catalog/context.ts'
import { NEVER } from '../_dispatch/retry-policy.ts'
import type { Score } from '../_dispatch/score.ts'
import { type Scorer, scorerAt } from '../_dispatch/scorer.ts'
import type { Node } from '../_http/node.ts'
import { addDays, type Dt } from '../_market/dt.ts'
import type { CellState } from './cell-state.ts'
import { describeOutcome } from './descriptions.ts'
import { newYorkText } from './new-york-text.ts'
import type { Cell } from './request.ts'

/** A reason why a vendor cannot be asked; `until` in epoch ms, NEVER where time alone does not end it. */
export interface Obstacle {
  until: number
  sentence: string
}

/** Epoch ms throughout. */
export interface VendorView {
  vendor: string
  feed: string
  entitled: boolean
  /** Environment variables that are not set. */
  missingKeys: string[]
  history: { from: Dt; ranges: boolean }
  /** The rule in words, and the instant from which the vendor has the day; null outside the calendar. */
  recency: { rule: string; availableAt: number | null }
  demotions: Demotion[]
  circuit: Circuit | null
  budget: {
    account: string
    callsThisMinute: number
    /** Those of them that were sent before the clock was set back. */
    callsAfterClockReset: number
    callsPerMinute: number
    callsToday: number
    callsPerDay: number | null
    /** Null when a limit of zero forbids every call. */
    nextCallAt: number | null
  }
  score: Score
  learned: VendorScore | null
  attempt: CellAttempt | null
  obstacles: Obstacle[]
  /** When no obstacle is left, epoch ms; NEVER where one has no end. */
  askableAt: number
}

/** The vendors that list the dataset, best score first. */
export async function viewVendors(node: Node, cell: Cell, cellState: CellState, now: number): Promise<VendorView[]> {
  const views: VendorView[] = []
  const scorer = await scorerAt(node, now)
  for (const connection of node.vendors) {
    const terms = connection.config.datasets[cell.dataset]
    if (terms) views.push(await viewVendor(node, cell, cellState, connection, terms, scorer, now))
  }
  return views.sort((a, b) => b.score.score - a.score.score)
}

async function viewVendor(
  node: Node,
  cell: Cell,
  cellState: CellState,
  connection: VendorConnection,
  terms: VendorDatasetConfig,
  scorer: Scorer,
  now: number,
): Promise<VendorView> {
  const vendor = connection.name
  const limits = limitsOf(connection, cellState.task?.lane ?? 'backfill')
  const spent = await callsSpent(node.db, limits.vendor, now)
  const learned = cellState.scores.find((row) => row.vendor === vendor && row.dataset === cell.dataset)
  const from = historyStart(terms.history, now)
  const view: Omit<VendorView, 'obstacles' | 'askableAt'> = {
    vendor,
    feed: terms.feed,
    entitled: terms.entitled,
    missingKeys: connection.missing,
    history: { from, ranges: cell.dt >= from },
    recency: { rule: ruleOf(terms.recency), availableAt: availableFrom(cell, terms.recency) },
    demotions: cellState.demotions.filter((row) => row.vendor === vendor),
    circuit: cellState.circuits.find((row) => row.vendor === vendor) ?? null,
    budget: {
      account: limits.vendor,
      callsThisMinute: spent.minute,
      callsAfterClockReset: spent.ahead,
      callsPerMinute: connection.config.calls_per_minute,
      callsToday: spent.day,
      callsPerDay: connection.config.calls_per_day,
      nextCallAt: await nextCallAt(node.db, limits, now),
    },
    score: await scorer({ connection, terms }, cell.dataset, cell.spec, cell),
    learned: learned ?? null,
    attempt: cellState.attempts.find((row) => row.vendor === vendor) ?? null,
  }
  // A task that names its vendor asks again on purpose: what that vendor said before is then no obstacle.
  const obstacles = obstaclesOf(view, cellState.task?.vendor === vendor, now)
  return { ...view, obstacles, askableAt: Math.max(now, ...obstacles.map(({ until }) => until)) }
}

/** In the order in which a person would remove them. */
function obstaclesOf(
  view: Omit<VendorView, 'obstacles' | 'askableAt'>,
  isAskedOnPurpose: boolean,
  now: number,
): Obstacle[] {
  const { history, recency, budget, circuit, attempt } = view
  const found: Obstacle[] = []
  const never = (sentence: string) => found.push({ until: NEVER, sentence })
  const until = (instant: number, sentence: string) => {
    if (instant > now) found.push({ until: instant, sentence: `${sentence} (until ${newYorkText(instant)})` })
  }
  if (!view.entitled) never('the plan is not entitled to this dataset')
  if (view.missingKeys.length > 0) never(`${view.missingKeys.join(', ')} is not set`)
  if (budget.nextCallAt === null) never('its limits allow no call')
  if (!history.ranges) never(`its history begins on ${history.from}`)
  if (recency.availableAt === null) never('the day lies outside the calendar')
  else until(recency.availableAt, 'it does not have the day yet')
  for (const refusal of view.demotions) {
    const scope = refusal.symbol === '*' ? 'the whole dataset' : refusal.symbol
    until(refusal.until, `it refused ${scope}: ${refusal.outcome}`)
  }
  if (attempt && !isAskedOnPurpose) {
    const said = `it ${describeOutcome(attempt.outcome)}`
    if (attempt.askAgainAt === NEVER) never(said)
    else until(attempt.askAgainAt, said)
  }
  if (circuit) until(circuit.blockedUntil, `it is left alone: ${circuit.why}`)
  if (budget.nextCallAt !== null) until(budget.nextCallAt, 'its budget is spent')
  return found
}

const ruleOf = (recency: Recency): string => {
  const [after, unit] = 'days' in recency ? [recency.days, 'day'] : [recency.sessions, 'session']
  if (after === 0) return `at ${recency.at} New York time on the day`
  return `at ${recency.at} New York time ${after} ${unit}${after === 1 ? '' : 's'} after the day`
}

/** Room for the sessions after a day that a rule may count (30 at the most), before the calendar ends. */
const CALENDAR_MARGIN_DAYS = 60

function availableFrom({ spec, dt }: Cell, recency: Recency): number | null {
  const calendar = calendarOf(spec.calendar)
  if (dt < calendar.first || dt > addDays(calendar.last, -CALENDAR_MARGIN_DAYS)) return null
  return availableAt(recency, calendar, dt)
}
