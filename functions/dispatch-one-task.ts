/** POST /dispatch-one-task: one vendor call for the head of the queue and every task the same call can answer. */
import { z } from 'zod'
import { chooseNext } from './_dispatch/claim.ts'
import { dispatchNext } from './_dispatch/dispatch.ts'
import { type Answered, Night } from './_runtime/door.ts'
import type { Node } from './_runtime/node.ts'

export const DispatchBody = Night.extend({
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
): Promise<Answered> {
  if (dryRun) return await rehearse(node, lane)
  const done = await dispatchNext(node, lane, at)
  if (!('vendor' in done)) return { more: false, nextAt: done.nextAt }
  return { ...done, more: true, nextAt: null }
}

async function rehearse(node: Node, lane: 'today' | 'backfill' | null): Promise<Answered> {
  const choice = await chooseNext(node, lane)
  if ('error' in choice) return { head: choice.head, failed: String(choice.error), more: true, nextAt: null }
  if (!('plan' in choice)) return { more: false, nextAt: choice.nextAt }
  const { plan, ranking, head } = choice
  const { wants, ...call } = plan
  return {
    head,
    ranking,
    plan: { ...call, cells: wants.length, wants: wants.slice(0, WANTS_SHOWN) },
    more: true,
    nextAt: null,
  }
}
