/** `npm run bench -- first-night [--symbols 500] [--scene one-vendor-dying]`: what the default configuration brings in its first night, and when. */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Config } from '../../config/schema.ts'
import { leastCalls, leastMs } from './first-night-bound.ts'
import type { Night } from './first-night-node.ts'
import { DEATH, nightScene, SEED } from './first-night-scene.ts'
import type { LabReport } from './lab-control.ts'
import { type BenchRow, figure, ratioTo } from './row.ts'

const LAB = fileURLToPath(new URL('./first-night-lab.js', import.meta.url))
const NODE = fileURLToPath(new URL('./first-night-node.js', import.meta.url))
const MINUTE = 60_000
const QUARTERS = [0, 0.25, 0.5, 0.75] as const

interface Asked {
  symbols?: number | undefined
  scene?: string | undefined
  seed?: number | undefined
}

export async function benchFirstNight({ symbols = 500, scene = 'all-well', seed = SEED }: Asked): Promise<BenchRow[]> {
  if (!['all-well', DEATH].includes(scene)) throw new Error(`expected the scene all-well or ${DEATH}, got ${scene}`)
  const { night, lab } = await play(symbols, seed, scene)
  const { config } = await nightScene(symbols, seed)
  // What a dead vendor was asked in vain says nothing about calls and budgets.
  if (scene === DEATH) return [...howItWasForeseen(night, [0.5, 0.75]), ...whatItCost(night)]
  return [
    ...whenComplete(night, config),
    ...whatVendorsDid(night, lab),
    ...howManyCalls(night, config),
    ...whatBundlesHold(night),
    ...howItWasForeseen(night, QUARTERS),
    ...whatItCost(night),
  ]
}

async function play(symbols: number, seed: number, scene: string): Promise<{ night: Night; lab: LabReport }> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-bench-'))
  const lab = spawn(process.execPath, [LAB, String(symbols), String(seed)], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const controlUrl = await firstLine(lab)
    // The options of this process are the node's: `node --cpu-prof dist/test/bench/main.js first-night` shows where its time goes.
    const node = spawn(
      process.execPath,
      [...process.execArgv, NODE, String(symbols), root, controlUrl, String(seed), scene],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    )
    const line = await firstLine(node)
    if (line === '') throw new Error('the node of the first night ended without a result')
    return { night: JSON.parse(line) as Night, lab: (await (await fetch(controlUrl)).json()) as LabReport }
  } finally {
    lab.stdin?.end()
    lab.kill()
    await rm(root, { recursive: true, force: true })
  }
}

async function firstLine(child: { stdout: NodeJS.ReadableStream | null }): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line
  return ''
}

function whenComplete({ datasets, vendors, endedAfterMs }: Night, config: Config): BenchRow[] {
  const bound = Math.max(...Object.entries(vendors).map(([vendor, { calls }]) => leastMs(config, vendor, calls)))
  const last = Math.max(...datasets.map(({ completeAfterMs }) => completeAfterMs ?? Number.POSITIVE_INFINITY))
  return [
    ...datasets.map(({ dataset, completeAfterMs }) =>
      completeAfterMs === null
        ? figure(`${dataset}: not complete after`, endedAfterMs / MINUTE, 'minutes', 0)
        : figure(`${dataset}: complete after`, completeAfterMs / MINUTE, 'minutes'),
    ),
    // Below a minute both are a matter of single calls.
    ratioTo('all datasets: complete after', last / MINUTE, Math.max(MINUTE, bound) / MINUTE, 'minutes', 1.1),
  ]
}

/** Calls of each vendor against the least that could have brought the same rows. */
function howManyCalls({ datasets, vendors }: Night, config: Config): BenchRow[] {
  return Object.keys(vendors).flatMap((vendor) => {
    const known = datasets.flatMap(({ dataset, vendors: asked }) =>
      asked
        .filter((one) => one.vendor === vendor)
        .map((one) => ({ calls: one.calls, least: leastCalls(config, dataset, vendor, one) }))
        .filter(({ least }) => least !== null),
    )
    const calls = known.reduce((sum, one) => sum + one.calls, 0)
    const least = known.reduce((sum, one) => sum + (one.least ?? 0), 0)
    return least === 0 ? [] : [ratioTo(`${vendor}: calls against the least`, calls, least, 'calls', 1.1)]
  })
}

function whatVendorsDid({ vendors, datasets }: Night, { stats }: LabReport): BenchRow[] {
  const violations = Object.values(stats).reduce((sum, vendor) => sum + vendor.violations, 0)
  return [
    ...datasets.flatMap(({ dataset, vendors: asked }) =>
      asked.flatMap(({ vendor, calls, cells, rows }) => [
        figure(`${dataset}: calls to ${vendor}`, calls, 'calls'),
        figure(`${dataset}: cells that ${vendor} answered`, cells, 'cells'),
        figure(`${dataset}: rows of ${vendor}`, rows, 'rows'),
      ]),
    ),
    ...Object.entries(vendors).map(([vendor, { idleMinutes }]) =>
      figure(`${vendor}: minutes of idle budget while it had work`, idleMinutes, 'minutes', 0),
    ),
    figure('calls beyond a budget, counted by the lab', violations, 'calls', 0),
  ]
}

const whatBundlesHold = ({ bundles }: Night): BenchRow[] =>
  bundles.flatMap(({ afterMs, workMs, files, bytes, rows }, at) => [
    figure(
      `bundle ${at + 1}: minutes of waiting for vendors before it`,
      afterMs / MINUTE,
      'minutes',
      at === 0 ? 60 : null,
    ),
    figure(`bundle ${at + 1}: minutes of the node's own work before it`, workMs / MINUTE, 'minutes'),
    figure(`bundle ${at + 1}: files`, files, 'files'),
    figure(`bundle ${at + 1}: size`, bytes / 1e6, 'MB'),
    ...Object.entries(rows).map(([table, count]) => figure(`bundle ${at + 1}: rows of ${table}`, count, 'rows')),
  ])

/**
 * At the start and at each quarter of the time until all was there: whether that time lay inside the interval. What lies within a minute is a matter of
 * single calls, and nobody plans by it: there both are taken for a minute. `judged`: at which of them a vendor's death can be known.
 */
function howItWasForeseen({ datasets, forecasts }: Night, judged: readonly number[]): BenchRow[] {
  const doneMs = Math.max(...datasets.map(({ completeAfterMs }) => completeAfterMs ?? Number.NaN))
  return QUARTERS.flatMap((share) => {
    const foreseen = forecasts.findLast(({ atMs }) => atMs <= share * doneMs)
    if (foreseen === undefined || Number.isNaN(doneMs)) return []
    const { atMs, earliestMs, latestMs, emptyAtMs, calls, bytes } = foreseen
    const truth = Math.max(MINUTE, doneMs - atMs)
    const ends = [earliestMs, latestMs].map((end) => Math.max(MINUTE, (end ?? Number.NaN) - atMs))
    const isInside = ends[0]! <= truth && truth <= ends[1]!
    const name = `forecast at ${100 * share} %`
    return [
      figure(`${name}: true remaining time`, (doneMs - atMs) / MINUTE, 'minutes'),
      figure(`${name}: reckoned`, ((emptyAtMs ?? Number.NaN) - atMs) / MINUTE, 'minutes'),
      figure(`${name}: earliest`, ((earliestMs ?? Number.NaN) - atMs) / MINUTE, 'minutes'),
      figure(`${name}: latest`, ((latestMs ?? Number.NaN) - atMs) / MINUTE, 'minutes'),
      figure(`${name}: calls still to come`, calls, 'calls'),
      figure(`${name}: bytes still to come`, bytes / 1e6, 'MB'),
      figure(
        `${name}: the truth lies outside the interval`,
        isInside ? 0 : 1,
        'times',
        judged.includes(share) ? 0 : null,
      ),
    ]
  })
}

const whatItCost = ({ steps, endedAfterMs, workMs, peakRssMb, databaseBytes }: Night): BenchRow[] => [
  ...steps.flatMap((step, at) => {
    const name = `step ${at + 1}, ${step.call}${step.ok ? '' : ' (not ok)'}`
    return [figure(name, step.calls, 'calls'), figure(`${name}: peak RSS until its end`, step.peakRssMb, 'MB')]
  }),
  figure('the night, without own work', endedAfterMs / MINUTE, 'minutes'),
  figure("the node's own work", workMs / MINUTE, 'minutes'),
  figure('peak RSS', peakRssMb, 'MB'),
  figure('database', databaseBytes / 1e6, 'MB'),
]
