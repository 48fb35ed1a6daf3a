/** POST /dispatch-one-task: one vendor call for the head of the queue and every task the same call can answer. */
import { z } from 'zod'
import { refillQueue } from './_audit/refill-queue.ts'
import { chooseNext } from './_dispatch/claim.ts'
import { dispatchNext } from './_dispatch/dispatch.ts'
import { isMachineFault } from './_dispatch/machine-fault.ts'
import { currentOutlook } from './_forecast/outlook.ts'
import { AsOfBody, type FunctionAnswer } from './_http/handler.ts'
import type { Node } from './_http/node.ts'

export const DispatchBody = AsOfBody.extend({
  lane: z.enum(['today', 'backfill']).optional(),
  /** Shows the ranking and the plan without claiming, sending or spending. */
  dryRun: z.boolean().default(false),
})

/** Cells a dry run lists of its plan. */
const WANTS_SHOWN = 20

export async function dispatchOneTask(
  node: Node,
  {
    lane = null,
    dryRun,
    at = node.now(),
  }: { lane?: 'today' | 'backfill' | undefined | null; dryRun: boolean; at?: number | undefined },
): Promise<FunctionAnswer> {
  if (dryRun) return await previewCall(node, lane)
  if (lane !== 'today' && node.disk.allowsBackfill()) await tryRefill(node)
  const done = await dispatchNext(node, lane, at)
  if (!('vendor' in done)) return { more: false, nextAt: done.nextAt }
  return { ...done, more: true, nextAt: null }
}

/** A queue that cannot be refilled still has tasks. */
async function tryRefill(node: Node): Promise<void> {
  try {
    await refillQueue(node)
  } catch (error) {
    if (isMachineFault(error)) throw error
    node.log('queue.refill_failed', { error })
  }
}

async function previewCall(node: Node, lane: 'today' | 'backfill' | null): Promise<FunctionAnswer> {
  const choice = await chooseNext(node, lane)
  const forecast = await currentOutlook(node)
  if ('error' in choice) return { head: choice.head, failed: String(choice.error), forecast, more: true, nextAt: null }
  if (!('plan' in choice)) return { forecast, more: false, nextAt: choice.nextAt }
  const { plan, ranking, head } = choice
  const { wants, ...call } = plan
  return {
    head,
    ranking,
    plan: { ...call, cells: wants.length, wants: wants.slice(0, WANTS_SHOWN) },
    forecast,
    more: true,
    nextAt: null,
  }
}
