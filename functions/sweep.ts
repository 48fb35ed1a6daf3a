/** POST /sweep: forgets finished work that nobody will ask about any more. */
import { prune } from '../db/gap-tasks/prune.ts'
import { type Answered, Night } from './_runtime/door.ts'
import type { Node } from './_runtime/node.ts'

export const SweepBody = Night

export async function sweep(node: Node): Promise<Answered> {
  const { removed, more } = await prune(node.db, node.now())
  node.log('sweep.pruned', { removed })
  return { removed, more, nextAt: null }
}
