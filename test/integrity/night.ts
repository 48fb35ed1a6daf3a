/** Nights of a node in this process: the lab's vendors, a clock that stands still, and what the node says of them. */
import { readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { instantOf } from '../../functions/_calendar/zone.ts'
import type { Clock } from '../../functions/_http/node.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import type { StepEnding } from '../../functions/_runtime/run-chain.ts'
import { type RunningNode, startNode } from '../../functions/_runtime/start.ts'
import { againWhileHeld } from '../db/again-while-held.ts'
import { writeDemoConfig } from '../demo/demo-config.ts'
import type { Options } from '../demo/options.ts'
import { type Scene, setScene } from '../demo/scenario.ts'
import { type Lab, type LabVendorName, startLab } from '../lab/lab.ts'

export interface Stage {
  /** Holds data_layer, exports, config. */
  root: string
  options: Options
}

export interface AtWork {
  running: RunningNode
  lab: Lab
  clock: Clock
  scene: Scene
  /** Lines of the log. */
  lines: string[]
  post(path: string, body?: unknown): Promise<{ status: number; body: Record<string, unknown> }>
  get(path: string): Promise<{ status: number; body: Record<string, unknown>; headers: Headers }>
  /** Plays the whole night chain of the scene's evening. */
  night(): Promise<StepEnding[]>
}

export interface WorkTerms {
  /** Epoch ms at which the clock stands; absent: the evening. */
  now?: number
  env?: Record<string, string>
  /** Addresses in place of the lab's. */
  urls?: Partial<Record<LabVendorName, string>>
}

const HOUR = '20:30'

/** Starts a node on the root, does the work and stops it. Rejects with the node's own sentence when it does not start. */
export async function atWork<T>(stage: Stage, work: (at: AtWork) => Promise<T>, terms: WorkTerms = {}): Promise<T> {
  const { root, options } = stage
  const scene = await setScene(options)
  const evening = instantOf(scene.asof, HOUR)
  const clock = virtualClock(terms.now ?? evening)
  const { sources, plan } = scene
  const lab = await startLab({ ...sources, now: clock.now, seed: options.seed, plan, dead: options.kill ?? [] })
  const at = (vendor: LabVendorName) => ({ ...lab[vendor], url: terms.urls?.[vendor] ?? lab[vendor].url })
  const lines: string[] = []
  let running: RunningNode | undefined
  try {
    const addresses = { alpaca: at('alpaca'), massive: at('massive'), fred: at('fred') }
    const env = { ...(await writeDemoConfig(root, scene, addresses, 0)), ...terms.env }
    const start = { env, clock, random: () => 0.5, sink: (line: string) => void lines.push(line) }
    const node = await againWhileHeld(() => startNode(start))
    running = node
    return await work({
      running: node,
      lab,
      clock,
      scene,
      lines,
      post: async (path, body = {}) => {
        const { status, body: answer } = await ask(`${node.address}${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
        })
        return { status, body: answer }
      },
      get: (path) => ask(`${node.address}${path}`),
      night: () => node.invoker.play('night', evening),
    })
  } finally {
    await running?.stop()
    await lab.close()
  }
}

async function ask(url: string, init?: RequestInit) {
  const answer = await fetch(url, init)
  const body = (await answer.json().catch(() => ({}))) as Record<string, unknown>
  return { status: answer.status, body, headers: answer.headers }
}

export interface Night {
  /** Steps that were not done, each with its reason. */
  failed: string[]
  /** Why the node did not start; null when it did. */
  refusal: string | null
}

/** One night; a node that does not start is a night too. */
export async function playNight(stage: Stage, terms: WorkTerms = {}): Promise<Night> {
  try {
    const endings = await atWork(stage, ({ night }) => night(), terms)
    const failed = endings.filter(({ ok }) => !ok).map(({ call, error }) => `${call}: ${error ?? ''}`)
    return { failed, refusal: null }
  } catch (error) {
    return { failed: [], refusal: (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '' }
  }
}

/** Every file below a folder, by path relative to it, sorted. */
export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(join(folder, name), { throwIfNoEntry: false })?.isFile())
    .sort()
