/** Planning one call: the head of the queue and every task that the same question to the same vendor can answer. */
import type { DatasetConfig } from '../../config/schema.ts'
import { recentRowCounts } from '../../db/attempts/recent-row-counts.ts'
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import { findNeighbours } from '../../db/gap-tasks/find-neighbours.ts'
import { wasAbandoned } from '../../db/gap-tasks/was-abandoned.ts'
import { callsLeft, limitsOf } from '../_catalog/account-limits.ts'
import { type DatasetSource, namesOf } from '../_catalog/catalog.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import { asofAt, symbolRanges } from '../_expected/expected.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { CallPlan, PlanTerms, Want } from '../_vendors/vendor.ts'
import { keptAnswerOf, planFromAnswer } from './answered-plan.ts'
import { type CandidateCells, candidateCells, type TaskOf } from './candidate-cells.ts'
import { type Candidate, rankingOf } from './choose-vendor.ts'
import { isMachineFault } from './machine-fault.ts'
import { planNewestFirst } from './plan-newest-first.ts'
import { cellsPerPage, type Score } from './score.ts'

/** Tasks offered to one plan: twice what its pages hold, so that it can choose; more would only cost memory and time. */
const LEAST_OFFERED = 2_000
const MOST_OFFERED = 40_000
/** Of events a page holds those of years: most days have none, and cost next to nothing. */
const MOST_EVENT_DAYS = 200_000
/**
 * Plans of these are no longer than what is left of the budget. One that the budget cuts leaves a scatter of cells, whose later calls are
 * not full; the plans of the others go on where they ended (page-cache.ts).
 */
const CUT_TO_BUDGET: ReadonlySet<DatasetConfig['expected_rows']> = new Set(['one', 'session_minutes', 'events'])

export interface Choice {
  source: DatasetSource
  dataset: DatasetName
  spec: DatasetConfig
  head: QueuedTask
  /** All vendors that could serve the head now, best first. */
  ranking: Score[]
  plan: CallPlan
  terms: PlanTerms
  /** The task behind each want of the plan. */
  tasks: TaskOf
}

/** A plan that fails is tried again with so many times fewer neighbours: one of them may be what it fails for. */
const FEWER = 8

/**
 * The plan for a candidate's head, in the order of its dataset; `candidates` are all that were looked at. Throws where not even the head alone can
 * be planned.
 */
export async function planCall(
  best: Candidate,
  candidates: readonly Candidate[],
  context: DispatchContext,
): Promise<Choice> {
  const { source, dataset, spec, head } = best
  const tries = head.attempts > 0 && (await wasAbandoned(context.db, head.id)) ? head.attempts : 0
  for (let most = Math.ceil(mostOffered(source, spec) / FEWER ** tries); ; most = Math.ceil(most / FEWER)) {
    try {
      return await planWith(best, candidates, context, most)
    } catch (error) {
      if (isMachineFault(error) || most <= 1) throw error
      context.log('dispatch.plan_failed', { vendor: source.connection.name, dataset, offered: most, error })
    }
  }
}

/** The plan that is made of at most so many tasks, the head among them. */
async function planWith(
  best: Candidate,
  candidates: readonly Candidate[],
  context: DispatchContext,
  most: number,
): Promise<Choice> {
  const { source, dataset, spec, reach, head } = best
  const found = await findNeighbours(context.db, reach, head, most)
  const neighbours = most === 1 ? { ...found, tasks: [] } : found
  const terms = planTerms(source, dataset, spec, namesOf(context.config), reach.now)
  if (CUT_TO_BUDGET.has(spec.expected_rows)) {
    const left = await callsLeft(context, limitsOf(source.connection, head.lane))
    terms.shape.pagesPerPlan = Math.max(1, Math.min(terms.shape.pagesPerPlan, left))
  }
  const { connector } = source.connection
  const usual = await usualOf(context.db, source, dataset, spec, [head, ...neighbours.tasks])
  const isNewestFirst = spec.backfill.order === 'newest-first'
  const cells = candidateCells(head, neighbours, most, { isNewestFirst, usual })
  const isList = spec.expected_rows === 'events' && most === mostOffered(source, spec)
  if (isList && cells.isCut) terms.backlog = expectedSymbols(context, spec)
  const isHeads = (want: Want): boolean => cells.taskOf.get(want) === head
  const first = isNewestFirst ? cells.wants.findLast(isHeads) : cells.wants.find(isHeads)
  const wants = cells.wants.filter((want) => want !== first)
  const answer = keptAnswerOf(context, source.connection.name, dataset, spec, head)
  const plan = answer?.isAnswered
    ? planFromAnswer(answer, first!, wants, cells)
    : isNewestFirst
      ? planNewestFirst(connector, first!, wants, terms)
      : connector.plan(first!, wants, terms)
  const ranking = rankingOf(head, candidates, reach.now).map(({ score }) => score)
  const tasks: TaskOf = new Map()
  for (const want of plan.wants) tasks.set(want, taskBehind(want, cells, plan))
  return { source, dataset, spec, head, ranking, plan, terms, tasks }
}

const expectedSymbols = ({ config, now }: DispatchContext, spec: DatasetConfig): string[] =>
  symbolRanges(config, spec, asofAt(now())).map(({ symbol }) => symbol)

/** Cells offered to one plan of a vendor. */
export function mostOffered(source: DatasetSource, spec: DatasetConfig): number {
  const capacity = cellsPerPage(source.terms, spec) * source.terms.shape.pages_per_plan
  const most = spec.expected_rows === 'events' ? MOST_EVENT_DAYS : MOST_OFFERED
  return Math.min(most, Math.max(LEAST_OFFERED, Math.ceil(2 * capacity)))
}

/** Of minutes the calendar knows those of the session; how many a symbol has before and after it, its latest answers tell. */
async function usualOf(
  db: DispatchContext['db'],
  { connection }: DatasetSource,
  dataset: DatasetName,
  spec: DatasetConfig,
  tasks: readonly QueuedTask[],
): Promise<Map<string, number>> {
  const isReckoned = spec.expected_rows === 'session_minutes'
  const symbols = isReckoned ? [...new Set(tasks.map(({ symbol }) => symbol))] : []
  return await recentRowCounts(db, dataset, connection.name, symbols)
}

function taskBehind(want: Want, { taskOf }: CandidateCells, { vendor }: CallPlan): QueuedTask {
  const task = taskOf.get(want)
  if (!task) throw new Error(`${vendor} planned ${want.symbol} ${want.dt}, which it was not offered`)
  return task
}

/** What a connector is told of a dataset and of this vendor's limits. */
export function planTerms(
  source: DatasetSource,
  dataset: DatasetName,
  spec: DatasetConfig,
  names: PlanTerms['names'],
  now: number,
): PlanTerms {
  const { rows_per_page, symbols_per_call, pages_per_plan } = source.terms.shape
  const groups = Object.entries(spec.groups ?? {})
  return {
    dataset,
    shape: {
      feed: source.terms.feed,
      rowsPerPage: rows_per_page,
      symbolsPerCall: symbols_per_call,
      pagesPerPlan: pages_per_plan,
    },
    now,
    settledUntil: null,
    timeframe: spec.timeframe ?? null,
    expireWithinDays: spec.contracts?.expire_within_days ?? 0,
    tickerEvents: source.terms.ticker_events,
    names,
    series: Object.fromEntries(groups.map(([group, { series }]) => [group, series.map(({ id }) => id)])),
  }
}
