/**
 * Part of `upgrade`, as processes that may be killed and that let go of the database when they end. `prepare CELLS` fills a root as a version before packed
 * evidence left it and prints a Prepared as JSON. `pack ENV` starts a node there and sweeps until nothing is left to pack.
 */
import { startNode } from '../../../functions/_runtime/start.ts'
import { sweep } from '../../../functions/sweep.ts'
import { DAYS, MINUTES, ProportionScene, sceneClock } from './scene.ts'

export interface Prepared {
  root: string
  /** With which the node was started. */
  env: Record<string, string>
  filled: number
  /** What /why says of cells that chance chooses. */
  whys: string[]
}

const [command, given = ''] = process.argv.slice(2)
if (command === 'prepare') {
  const scene = await ProportionScene.open(Number(given))
  const { root, env } = scene
  const filled = (await scene.fill(DAYS)) + (await scene.fill(MINUTES))
  const prepared: Prepared = { root, env, filled, whys: await scene.whys() }
  await scene.running.stop()
  process.stdout.write(JSON.stringify(prepared))
} else {
  const env = JSON.parse(given) as Record<string, string>
  const running = await startNode({ env, clock: sceneClock(), sink: () => undefined })
  let more = true
  while (more) more = (await sweep(running.node, { dryRun: false })).more === true
  await running.stop()
}
