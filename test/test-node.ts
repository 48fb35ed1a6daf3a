/** A real node against the vendor lab: two symbols, six sessions, its own folders, one still evening. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sql } from 'drizzle-orm'
import { loadConfig } from '../config/load.ts'
import type { Config } from '../config/schema.ts'
import type { Clock } from '../functions/_http/node.ts'
import { virtualClock } from '../functions/_runtime/clock.ts'
import type { ClockEvidence } from '../functions/_runtime/clock-evidence.ts'
import type { StepEnding } from '../functions/_runtime/run-chain.ts'
import { type RunningNode, type StartTerms, startNode } from '../functions/_runtime/start.ts'
import { CONNECTORS } from '../functions/_vendors/registry.ts'
import { againWhileHeld } from './db/again-while-held.ts'
import { writeDemoConfig } from './demo/demo-config.ts'
import { demoCron, type Scene } from './demo/scenario.ts'
import { type BarSource, type Lab, type LabOptions, startLab } from './lab/lab.ts'
import type { YieldSource } from './lab/source.ts'
import { syntheticBars, syntheticYields } from './lab/synthetic.ts'

/** The Tuesday of the synthetic scene, after the close. */
export const ASOF = '2025-07-08'
export const EVENING = Date.parse('2025-07-08T20:30:00-04:00')
export const FIRST = '2025-06-30'
/** Sessions from FIRST to ASOF. */
export const SESSIONS = 6
export const UNIVERSE: Config['universe'] = ['AAPL', 'MSFT'].map((symbol) => ({ symbol, from: '2020-01-02', to: null }))

/** Calls that no sequence of functions needs in a world as small as this one. */
const MOST_CALLS = 100

export interface FunctionAnswer {
  status: number
  body: Record<string, unknown>
}

export interface TestNode {
  root: string
  lab: Lab
  clock: Clock
  env: Record<string, string>
  /** Lines of the log since the last start. */
  lines: string[]
  running(): RunningNode
  post(path: string, body?: unknown): Promise<FunctionAnswer>
  get(path: string): Promise<FunctionAnswer>
  /** Calls functions one after the other, each until it says that there is no more; every call must succeed. Returns all answers. */
  steps(...names: string[]): Promise<Record<string, unknown>[]>
  /** Plays the whole night chain for the evening. */
  night(): Promise<StepEnding[]>
  /** Requests the lab has had. */
  asked(): number
  /** Every row of every table, to compare. */
  databaseText(): Promise<string>
  stop(): Promise<void>
  start(more?: Pick<StartTerms, 'envFile'>): Promise<RunningNode>
  /** Stops, changes what the node is told, starts. */
  reconfigure(change: (config: Config) => Config): Promise<void>
  remove(): Promise<void>
}

export interface SmallTerms {
  env?: Record<string, string>
  sources?: Partial<Record<'alpaca' | 'massive', BarSource>>
  universe?: Config['universe']
  /** Where the clock starts, epoch ms; absent: the evening. */
  now?: number
  /** A clock of the test's own, instead. */
  clock?: Clock
  clockEvidence?: ClockEvidence
  statfs?: StartTerms['statfs']
  /** Yields that FRED knows; absent: synthetic ones without revisions. */
  yields?: YieldSource
  /** Corporate actions that the vendors know; absent: none. */
  actions?: LabOptions['actions']
  /** What is wrong with Massive's list of tickers; absent: nothing. */
  listFaults?: LabOptions['listFaults']
  /** The vendors' walls; absent: none. */
  plan?: 'basic' | 'open'
  change?: (config: Config) => Config
  /** Folders between the temp folder and the node's own; absent: none. */
  below?: string
}

export const bars = (vendor: 'alpaca' | 'massive', universe = UNIVERSE): BarSource =>
  syntheticBars({ seed: 1, universe, vendor })

/** The shipped configuration cut down to two datasets, with vendors that have everything at once. */
async function smallConfig(universe: Config['universe']): Promise<Config> {
  const shipped = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
  const { equities_bars, macro_treasury } = shipped.datasets
  const depth = { from: FIRST }
  const vendors = Object.entries(shipped.vendors).map(([name, vendor]) => {
    const datasets = Object.entries(vendor.datasets).map(([dataset, terms]) => [
      dataset,
      { ...terms, history: { from: '2000-01-03' }, recency: { days: 0, at: '20:16' } },
    ])
    return [name, { ...vendor, datasets: Object.fromEntries(datasets) }]
  })
  return {
    ...shipped,
    universe,
    vendors: Object.fromEntries(vendors),
    datasets: { equities_bars: { ...equities_bars!, depth }, macro_treasury: { ...macro_treasury!, depth } },
  }
}

export async function smallNode(terms: SmallTerms = {}): Promise<TestNode> {
  const home = await mkdtemp(join(tmpdir(), 'node-'))
  const root = join(home, terms.below ?? '')
  await mkdir(root, { recursive: true })
  const clock = terms.clock ?? virtualClock(terms.now ?? EVENING)
  const { clockEvidence, statfs } = terms
  const universe = terms.universe ?? UNIVERSE
  const lab = await startLab({
    now: clock.now,
    seed: 1,
    plan: terms.plan ?? 'open',
    alpaca: terms.sources?.alpaca ?? bars('alpaca', universe),
    massive: terms.sources?.massive ?? bars('massive', universe),
    fred: terms.yields ?? syntheticYields(1),
    ...(terms.actions ? { actions: terms.actions } : {}),
    ...(terms.listFaults ? { listFaults: terms.listFaults } : {}),
  })
  let config = await smallConfig(universe)
  if (terms.change) config = terms.change(config)
  const scene = (): Scene => ({ asof: ASOF, plan: 'open', config, sources: {}, deaths: [] })
  const env = { ...(await writeDemoConfig(root, scene(), lab, 0)), LOG_LEVEL: 'info', ...terms.env }
  const lines: string[] = []
  let running: RunningNode | undefined

  const node: TestNode = {
    root,
    lab,
    clock,
    env,
    lines,
    running: () => {
      if (!running) throw new Error('the small node is not running')
      return running
    },
    post: (path, body) => {
      const text = body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body)
      return ask(`${node.running().address}${path}`, { method: 'POST', body: text })
    },
    get: (path) => ask(`${node.running().address}${path}`),
    steps: async (...names) => {
      const answers: Record<string, unknown>[] = []
      for (const name of names) {
        for (let more = true; more; more = answers.at(-1)?.more === true) {
          const { status, body } = await node.post(`/${name}`)
          if (status !== 200 || body.ok !== true) throw new Error(`${name} returned ${status} ${JSON.stringify(body)}`)
          answers.push(body)
          if (answers.length >= MOST_CALLS) throw new Error(`${name} still says more after ${answers.length} calls`)
        }
      }
      return answers
    },
    night: () => node.running().invoker.play('night', EVENING),
    asked: () => [lab.alpaca, lab.massive, lab.fred].reduce((sum, vendor) => sum + vendor.stats().calls, 0),
    databaseText: async () => {
      const { db } = node.running().node
      const tables = await db.all<{ name: string }>(
        sql`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
      )
      const found: string[] = []
      for (const { name } of tables) {
        const rows = await db.all(sql.raw(`SELECT * FROM "${name}"`))
        found.push(
          `${name} ${rows
            .map((row) => JSON.stringify(row))
            .sort()
            .join('\n')}`,
        )
      }
      return found.join('\n')
    },
    stop: async () => {
      await running?.stop()
      running = undefined
    },
    start: async (more) => {
      lines.length = 0
      running = await againWhileHeld(() =>
        startNode({
          env,
          clock,
          random: () => 0.5,
          sink: (line) => void lines.push(line),
          ...(clockEvidence ? { clockEvidence } : {}),
          ...(statfs ? { statfs } : {}),
          ...more,
        }),
      )
      return running
    },
    reconfigure: async (change) => {
      await node.stop()
      config = change(config)
      await writeDemoConfig(root, scene(), lab, 0)
      await node.start()
    },
    remove: async () => {
      await node.stop()
      await lab.close()
      await rm(home, { recursive: true, force: true })
    },
  }
  await writeFile(join(root, 'cron.json'), JSON.stringify(await demoCron()))
  return node
}

/** The same, started. */
export async function startTestNode(terms: SmallTerms = {}): Promise<TestNode> {
  const node = await smallNode(terms)
  try {
    await node.start()
    return node
  } catch (error) {
    await node.remove()
    throw error
  }
}

async function ask(url: string, init?: RequestInit): Promise<FunctionAnswer> {
  const answer = await fetch(url, init)
  return { status: answer.status, body: (await answer.json()) as Record<string, unknown> }
}
