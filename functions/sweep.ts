/** POST /sweep: forgets finished work that nobody will ask about any more. */
import { prune } from '../db/gap-tasks/prune.ts'
import { forgetTallies } from '../db/vendor-tallies/tallies.ts'
import { newYorkDt } from './_calendar/zone.ts'
import { sweepKeptPages } from './_dispatch/kept-pages.ts'
import { sweepRunning } from './_dispatch/running.ts'
import { type Answered, Night } from './_runtime/door.ts'
import type { Node } from './_runtime/node.ts'

export const SweepBody = Night

export async function sweep(node: Node): Promise<Answered> {
  const { removed, more } = await prune(node.db, node.now())
  const tallies = await forgetTallies(node.db, node.now())
  const pages = await sweepKeptPages(node.lake.root, node.now())
  const running = await sweepRunning(node.lake.root, newYorkDt(node.now()))
  node.log('sweep.pruned', { removed, tallies, pages, running })
  return { removed, tallies, pages, running, more, nextAt: null }
}
