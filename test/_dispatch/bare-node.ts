/** A whole node against the vendor lab, on a virtual clock, with a small configuration of its own. */
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { loadConfig } from '../../config/load.ts'
import type { Config, DatasetConfig, VendorConfig } from '../../config/schema.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { type Dispatched, dispatchNext } from '../../functions/_dispatch/dispatch.ts'
import type { Clock, Node } from '../../functions/_http/node.ts'
import type { DatasetName } from '../../functions/_market/cell.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import { startNode } from '../../functions/_runtime/start.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import type { Get } from '../../functions/_vendors/vendor.ts'
import { writeDemoConfig } from '../demo/demo-config.ts'
import { type BarSource, type Lab, type LabOptions, startLab, type YieldSource } from '../lab/lab.ts'
import { type Hole, syntheticBars, syntheticYields } from '../lab/synthetic.ts'

/** Friday after Independence Day; the sessions before it are 3, 2 and 1 July. */
export const ASOF = '2024-07-05'
export const EVENING = instantOf(ASOF, '20:30')
const SEED = 7

export interface BareNodeTerms {
  /** The evening, a session; absent: ASOF. */
  asof?: string
  /** The universe the node is told, in place of `symbols`, and what the vendors have of theirs, in place of the same. */
  universe?: Config['universe']
  bars?: (vendor: 'alpaca' | 'massive') => BarSource
  symbols?: readonly string[]
  datasets?: Partial<Record<DatasetName, Partial<DatasetConfig>>>
  /** The vendors the node knows, each with changes to its registry entry. */
  vendors?: Partial<Record<'alpaca' | 'massive' | 'fred', Partial<Omit<VendorConfig, 'datasets'>>>>
  /** Last changes to the whole configuration. */
  change?: (config: Config) => Config
  /** Changes to every (vendor, dataset) entry. */
  terms?: Partial<NonNullable<VendorConfig['datasets'][DatasetName]>>
  holes?: readonly Hole[]
  yields?: YieldSource
  lab?: Partial<LabOptions>
  env?: Record<string, string>
}

export interface BareNode {
  node: Node
  lab: Lab
  clock: Clock
  log: string[]
  /** Files below the raw and manifest folders, relative to the data root. */
  files(): Promise<string[]>
  /** Stops the node before the test does. */
  stop(): Promise<void>
}

/** Three symbols, three sessions of daily bars, Alpaca and Massive without walls, unless told otherwise. */
export async function openBareNode(terms: BareNodeTerms = {}): Promise<BareNode> {
  const root = await mkdtemp(join(tmpdir(), 'bare-node-'))
  onTestFinished(() => rm(root, { recursive: true, force: true }))
  const asof = terms.asof ?? ASOF
  const clock = virtualClock(instantOf(asof, '20:30'))
  const universe =
    terms.universe ??
    (terms.symbols ?? ['AAPL', 'MSFT', 'QQQ']).map((symbol) => ({
      symbol,
      from: '2010-01-04',
      to: null,
    }))
  const source = (vendor: 'alpaca' | 'massive') =>
    terms.bars?.(vendor) ??
    syntheticBars({ seed: SEED, universe, vendor, ...(terms.holes ? { holes: terms.holes } : {}) })
  const lab = await startLab({
    now: clock.now,
    seed: SEED,
    plan: 'open',
    alpaca: source('alpaca'),
    massive: source('massive'),
    fred: terms.yields ?? syntheticYields(SEED),
    ...terms.lab,
  })
  onTestFinished(() => lab.close())
  const planned = await configOf(terms, universe)
  const config = terms.change?.(planned) ?? planned
  const env = await writeDemoConfig(root, { asof, plan: 'open', config, sources: {}, deaths: [] }, lab, 0)
  const log: string[] = []
  const running = await startNode({
    env: { ...env, ...terms.env },
    clock,
    random: () => 0.5,
    sink: (line) => log.push(line),
  })
  let stopped: Promise<void> | undefined
  const stop = (): Promise<void> => {
    stopped ??= running.stop()
    return stopped
  }
  onTestFinished(stop)
  const files = async () => {
    const found = await readdir(env.DATA_ROOT as string, { recursive: true, withFileTypes: true })
    const paths = found.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
    return paths
      .map((path) => path.slice(env.DATA_ROOT!.length + 1))
      .filter((path) => /^(raw|manifests)\//.test(path))
      .sort()
  }
  return { node: running.node, lab, clock, log, files, stop }
}

async function configOf(terms: BareNodeTerms, universe: Config['universe']): Promise<Config> {
  const shipped = await loadConfig({ folder: 'config', vendors: CONNECTORS.map(({ name }) => name) })
  const wanted = terms.datasets ?? { equities_bars: { depth: { sessions: 3 } } }
  const open = { history: { from: '1962-01-02' }, recency: { days: 0, at: '20:16' } }
  const vendors = Object.entries(terms.vendors ?? { alpaca: {}, massive: {} }).map(([name, changes]) => {
    const vendor = shipped.vendors[name]!
    const datasets = Object.entries(vendor.datasets).map(([dataset, entry]) => [
      dataset,
      { ...entry, ...open, ...terms.terms },
    ])
    return [name, { ...vendor, ...changes, datasets: Object.fromEntries(datasets) }]
  })
  const datasets = Object.entries(wanted).map(([name, changes]) => [
    name,
    { ...shipped.datasets[name as DatasetName], ...changes },
  ])
  return { ...shipped, universe, vendors: Object.fromEntries(vendors), datasets: Object.fromEntries(datasets) }
}

/** The same node, with each request to a vendor wrapped: the test can delay, change or refuse an answer. */
export const withGet = (node: Node, wrap: (get: Get) => Get): Node => ({
  ...node,
  vendors: node.vendors.map((connection) => ({ ...connection, get: (lane) => wrap(connection.get(lane)) })),
})

/** One dispatch that must find something to do. */
export async function dispatched(node: Node): Promise<Dispatched> {
  const done = await dispatchNext(node, null)
  if (!('vendor' in done)) throw new Error(`expected something to dispatch, was told to come back at ${done.nextAt}`)
  return done
}

/** Dispatches until the queue has nothing to wait for, sleeping where it says so. */
export async function drain(
  { node, clock }: BareNode,
  longestMs: number = Number.POSITIVE_INFINITY,
): Promise<Dispatched[]> {
  const all: Dispatched[] = []
  for (let turns = 0; turns < 200; turns++) {
    const done = await dispatchNext(node, null)
    if ('vendor' in done) all.push(done)
    else if (done.nextAt === null || done.nextAt > clock.now() + longestMs) return all
    else await clock.sleep(done.nextAt - clock.now())
  }
  throw new Error('expected the queue to run dry within 200 turns')
}
