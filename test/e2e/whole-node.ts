/** A node with every dataset against the vendor lab, in this process: whole evenings, and everything it left behind. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import type { Config } from '../../config/schema.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import type { Clock } from '../../functions/_http/node.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import type { StepEnding } from '../../functions/_runtime/run-chain.ts'
import { type RunningNode, startNode } from '../../functions/_runtime/start.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { writeDemoConfig } from '../demo/demo-config.ts'
import { type Lab, type LabOptions, type LabVendorName, startLab } from '../lab/lab.ts'

export interface WholeTerms {
  /** The first evening, a session. */
  asof: string
  config: Config
  /** What the vendors hold and how they behave; the plan is open. */
  lab: Omit<LabOptions, 'now' | 'seed' | 'plan'>
  /** Addresses in place of the lab's own. */
  urls?: Partial<Record<LabVendorName, string>>
  env?: Record<string, string>
}

export interface WholeNode {
  root: string
  lab: Lab
  clock: Clock
  running: RunningNode
  /** Every line of the log. */
  lines: string[]
  /** Plays the night chain of a session, at its hour or as soon as the clock allows. */
  evening(dt: string): Promise<StepEnding[]>
  /** Stops the node; its files stay. */
  stop(): Promise<void>
  /** Stops what still runs and removes every file. */
  remove(): Promise<void>
}

const HOUR = '20:30'

export async function startWholeNode({ asof, config, lab: scene, urls, env }: WholeTerms): Promise<WholeNode> {
  const root = await mkdtemp(join(tmpdir(), 'whole-node-'))
  const clock = virtualClock(instantOf(asof, HOUR))
  const lab = await startLab({ ...scene, now: clock.now, seed: 1, plan: 'open' })
  const lines: string[] = []
  let stopped = false
  const stop = async (running?: RunningNode): Promise<void> => {
    if (stopped) return
    stopped = true
    await running?.stop()
  }
  const remove = async (running?: RunningNode): Promise<void> => {
    await stop(running)
    await lab.close()
    await rm(root, { recursive: true, force: true })
  }
  try {
    const at = (vendor: LabVendorName) => ({ ...lab[vendor], url: urls?.[vendor] ?? lab[vendor].url })
    const addresses: Lab = { ...lab, alpaca: at('alpaca'), massive: at('massive'), fred: at('fred') }
    const configEnv = await writeDemoConfig(root, { asof, plan: 'open', config, sources: {}, deaths: [] }, addresses, 0)
    const running = await startNode({
      env: { ...configEnv, ...env },
      clock,
      random: () => 0.5,
      sink: (line) => void lines.push(line),
    })
    return {
      root,
      lab,
      clock,
      running,
      lines,
      async evening(dt) {
        const night = instantOf(dt, HOUR)
        if (clock.now() < night) await clock.sleep(night - clock.now())
        return await running.invoker.play('night', night)
      },
      stop: () => stop(running),
      remove: () => remove(running),
    }
  } catch (error) {
    await remove()
    throw error
  }
}

export interface Wanted {
  universe: Config['universe']
  /** First day wanted of each dataset that is collected. */
  from: Partial<Record<keyof Config['datasets'], string>>
  underliers: string[]
  timeframe: 'day' | 'minute'
  /** Who serves what; a pair that is left out is not asked. */
  serves(vendor: string, dataset: string): boolean
  /** Rows a page may hold, of each dataset. */
  rowsPerPage: Record<string, number>
  callsPerMinute: Record<string, number>
}

/** The shipped configuration cut down to what a test wants, without walls of history or recency. */
export async function wholeConfig(wanted: Wanted): Promise<Config> {
  const shipped = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
  const vendors = Object.entries(shipped.vendors).flatMap(([name, vendor]) => {
    const datasets = Object.entries(vendor.datasets)
      .filter(([dataset]) => dataset in wanted.from && wanted.serves(name, dataset))
      .map(([dataset, terms]) => {
        const shape = { ...terms.shape, rows_per_page: wanted.rowsPerPage[dataset] ?? terms.shape.rows_per_page }
        const walls = { history: { from: '1990-01-02' }, recency: { days: 0, at: '20:16' } }
        // All that a vendor has, the names of symbols as well.
        const more = name === 'massive' && dataset === 'corporate_actions' ? { ticker_events: true } : {}
        return [dataset, { ...terms, ...walls, ...more, shape }]
      })
    if (datasets.length === 0) return []
    const calls_per_minute = wanted.callsPerMinute[name] ?? vendor.calls_per_minute
    return [[name, { ...vendor, calls_per_minute, datasets: Object.fromEntries(datasets) }]]
  })
  const datasets = Object.entries(shipped.datasets)
    .filter(([name]) => name in wanted.from)
    .map(([name, spec]) => [name, { ...spec, depth: { from: wanted.from[name as keyof Config['datasets']] } }])
  const config = { ...shipped, universe: wanted.universe, vendors: Object.fromEntries(vendors) }
  const cut: Config = { ...config, datasets: Object.fromEntries(datasets) }
  const options = cut.datasets.options_bars
  if (options) {
    cut.datasets.options_bars = { ...options, only: wanted.underliers, timeframe: wanted.timeframe }
  }
  return cut
}
