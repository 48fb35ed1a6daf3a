/** Plans that are answered from pages a list of events has served for another plan: nothing is sent for them. */
import type { DatasetConfig } from '../../config/schema.ts'
import type { QueuedTask } from '../../db/gap-tasks/claimable.ts'
import type { DispatchContext } from '../_catalog/context.ts'
import type { KeptAnswer } from '../_catalog/kept-answers.ts'
import type { DatasetName } from '../_market/cell.ts'
import type { CallPlan, Want } from '../_vendors/vendor.ts'
import type { CandidateCells } from './candidate-cells.ts'

/** Whether a task may be answered so. One that was asked for before, or is asked for on purpose, is asked. */
const isShareable = ({ lane, reason, attempts }: QueuedTask): boolean =>
  lane === 'backfill' && reason === 'missing' && attempts === 0

/** The answer that holds a task, or will when it has come; null for none. */
export function keptAnswerOf(
  { answers, config, now }: Pick<DispatchContext, 'answers' | 'config' | 'now'>,
  vendor: string,
  dataset: DatasetName,
  spec: DatasetConfig,
  task: QueuedTask,
): KeptAnswer | null {
  if (spec.expected_rows !== 'events' || !isShareable(task)) return null
  const { symbol, dt } = task
  return answers.covering({ vendor, dataset, symbol, dt }, config.universe, now())
}

/** The plan of the head and all others that an answer holds as well. */
export function planFromAnswer(
  { plan, holds }: KeptAnswer,
  head: Want,
  others: readonly Want[],
  { taskOf }: CandidateCells,
): CallPlan {
  const mayShare = (want: Want): boolean => holds(want) && isShareable(taskOf.get(want)!)
  return { ...plan, wants: [head, ...others.filter(mayShare)], expectedCalls: 0 }
}
