/** The vendors of the first night's benchmark, as a process of their own: free plans, all symbols, all history. */
import { startLab } from '../lab/lab.ts'
import { syntheticYields } from '../lab/synthetic-yields.ts'
import { EVENING } from './dispatch-scenes.ts'
import { benchBars } from './dispatch-source.ts'
import { nightScene } from './first-night-scene.ts'
import { serveControl } from './lab-control.ts'

async function main([symbols = '', seed = '']: string[]): Promise<void> {
  const scene = await nightScene(Number(symbols), Number(seed))
  const source = benchBars(scene.symbols)
  let now = EVENING
  const lab = await startLab({
    now: () => now,
    seed: 1,
    plan: 'basic',
    alpaca: source,
    massive: source,
    fred: syntheticYields(1),
    actions: { alpaca: scene.actions, massive: scene.actions },
    options: { alpaca: scene.options, massive: scene.options },
  })
  await serveControl({
    lab,
    now: () => now,
    told: (at) => {
      now = Math.max(now, at)
    },
    kill: (vendor) => lab[vendor].kill(),
    kills: () => 0,
  })
}

await main(process.argv.slice(2))
