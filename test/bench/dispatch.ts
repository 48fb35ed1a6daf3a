/** `npm run bench -- dispatch [scene …] [--scale 0.1]`: how near the dispatcher comes to what budgets and shapes allow. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { bareRows } from './bare-rows.ts'
import type { Worked } from './dispatch-node.ts'
import { cellsPerCall, oldPolicyMs, shortestMakespan, type Work, worksOf } from './dispatch-optimum.ts'
import { type BenchScene, SCENES, type SceneName, sceneOf, USUAL_SCALE } from './dispatch-scenes.ts'
import type { LabReport } from './lab-control.ts'
import { type BenchRow, figure, ratioTo, tableOf } from './row.ts'

const LAB = fileURLToPath(new URL('./dispatch-lab.js', import.meta.url))
const NODE = fileURLToPath(new URL('./dispatch-node.js', import.meta.url))
const MOST_LIVES = 200

export async function benchDispatch(scenes: readonly string[], asked?: number): Promise<BenchRow[]> {
  const unknown = scenes.find((name) => !SCENES.some((scene) => scene === name))
  if (unknown !== undefined) throw new Error(`expected scenes of ${SCENES.join(', ')}, got ${unknown}`)
  const rows: BenchRow[] = []
  for (const name of scenes.length > 0 ? (scenes as SceneName[]) : SCENES) {
    const scale = asked ?? USUAL_SCALE[name]
    const scene = await sceneOf(name, scale)
    const { worked, lab } = await play(scene, scale)
    const figures = figuresOf(scene, worked, lab)
    if (name === 'daily') figures.push(againstBare(worked, await bareRows()))
    process.stderr.write(`${tableOf(figures)}\n`)
    rows.push(...figures)
  }
  return rows
}

/** A lab, and beside it a node that is started anew whenever it is killed, until the backlog is done. */
async function play(scene: BenchScene, scale: number): Promise<{ worked: Worked; lab: LabReport }> {
  const root = await mkdtemp(join(tmpdir(), 'data-node-bench-'))
  const lab = spawn(process.execPath, [LAB, scene.name, String(scale)], { stdio: ['pipe', 'pipe', 'inherit'] })
  try {
    const controlUrl = await firstLine(lab)
    for (let ranges = 0; ranges < MOST_LIVES; ranges++) {
      // The options of this process are the node's: `node --cpu-prof dist/test/bench/main.js dispatch` shows where its time goes.
      const node = spawn(process.execPath, [...process.execArgv, NODE, scene.name, String(scale), root, controlUrl], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const [line, signal] = await Promise.all([firstLine(node), endOf(node)])
      if (signal === 'SIGKILL' && scene.killEvery !== null) continue
      if (line === '') throw new Error(`the node of ${scene.name} ended without a result`)
      return { worked: JSON.parse(line) as Worked, lab: (await (await fetch(controlUrl)).json()) as LabReport }
    }
    throw new Error(`the node of ${scene.name} was killed ${MOST_LIVES} times and had not finished`)
  } finally {
    lab.stdin?.end()
    lab.kill()
    await rm(root, { recursive: true, force: true })
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line
  return ''
}

const endOf = (child: ChildProcess): Promise<NodeJS.Signals | null> =>
  new Promise((resolve) => child.once('exit', (_code, signal) => resolve(signal)))

function figuresOf(scene: BenchScene, worked: Worked, { stats, kills }: LabReport): BenchRow[] {
  const { name } = scene
  const works = worksOf(scene)
  const vendors = Object.entries(stats).filter(([, { calls }]) => calls > 0)
  const sum = (values: number[]): number => values.reduce((a, b) => a + b, 0)
  const callsOf = (vendor: string): number => vendors.find(([one]) => one === vendor)?.[1].calls ?? 0
  const calls = sum(vendors.map(([, vendor]) => vendor.calls)) - worked.todayCalls
  const violations = sum(vendors.map(([, vendor]) => vendor.violations))
  const cells = sum(works.map((work) => work.cells))
  const ms = worked.makespanMs
  const isTroubled = scene.trouble.length > 0
  const refused = sum(vendors.map(([, { byStatus }]) => (byStatus[0] ?? 0) + (byStatus[429] ?? 0)))
  const figures = [
    figure(
      `${name}: ${scene.title}, cells delivered of ${cells}`,
      sum(worked.delivered.map((one) => one.cells)),
      'cells',
    ),
    figure(`${name}: cells open at the end`, worked.open, 'cells', 0),
    figure(`${name}: calls beyond a budget, counted by the lab`, violations, 'calls', 0),
  ]
  if (scene.killEvery !== null) {
    figures.push(figure(`${name}: times the node was killed`, kills, 'kills'))
    figures.push(ratioTo(`${name}: makespan with kills`, ms / 1000, shortestMakespan(scene, works) / 1000, 's', 1.3))
    return figures
  }
  figures.push(
    ratioTo(`${name}: makespan`, ms / 1000, shortestMakespan(scene, works) / 1000, 's', isTroubled ? 1.15 : 1.05),
    figure(`${name}: optimum with calls in flight without number`, shortestMakespan(scene, works, null) / 1000, 's'),
    // What a vendor in trouble refused settles nothing, however it is asked.
    ratioTo(`${name}: calls against the least pages`, calls - refused, leastPages(scene, works, worked), 'calls', 1.05),
    ...(refused > 0 ? [figure(`${name}: calls refused by vendors in trouble`, refused, 'calls')] : []),
    ...Object.entries(worked.utilisation).map(([vendor, share]) =>
      // One call of a few dozen is more than 5 %: such a run can show the share, not judge it.
      figure(
        `${name}: ${vendor}, budget unspent while it had work`,
        100 * (1 - share),
        '%',
        callsOf(vendor) < 40 ? null : 5,
      ),
    ),
    figure(
      `${name}: ${worked.todayWaits.length} tasks of today, p99 wait`,
      quantile(worked.todayWaits, 0.99),
      'calls',
      // What only the vendor in trouble has must wait for it.
      isTroubled ? null : 2,
    ),
    figure(`${name}: cells a call`, cells / calls, 'cells'),
    figure(`${name}: calls saved against one cell a call`, 100 * (1 - calls / cells), '%'),
    figure(`${name}: times as fast as vendor-first loops, one cell a call`, oldPolicyMs(scene, works) / ms, 'x'),
    ...speedOf(name, worked),
  )
  return figures
}

function speedOf(name: string, worked: Worked): BenchRow[] {
  const { realMs, observedMs, peakRssMb, dispatches } = worked
  const [rows, ownMs] = [rowsOf(worked), ownMsOf(worked)]
  return [
    figure(`${name}: rows a second of real time, lab included`, rows / ((realMs - observedMs) / 1000), 'rows/s'),
    figure(`${name}: rows a second of real time, lab left out`, rows / (ownMs / 1000), 'rows/s'),
    figure(`${name}: time for a million rows, lab left out`, secondsAMillion(worked), 's'),
    figure(`${name}: dispatches`, dispatches, 'calls'),
    figure(`${name}: peak RSS`, peakRssMb, 'MB', 400),
  ]
}

/** The same time against that of the work no dispatcher can leave out, measured in the same run: decode, digest, write, record. */
const againstBare = (worked: Worked, least: number): BenchRow =>
  ratioTo('daily: a million rows, against the bare work on them', secondsAMillion(worked), least, 's', 3)

const rowsOf = ({ delivered }: Worked): number => delivered.reduce((sum, { rows }) => sum + rows, 0)
const ownMsOf = ({ realMs, observedMs, labMs }: Worked): number => realMs - observedMs - labMs
const secondsAMillion = (worked: Worked): number => (ownMsOf(worked) / rowsOf(worked)) * 1_000

/** Full pages that hold what each vendor delivered. */
function leastPages(scene: BenchScene, works: readonly Work[], { delivered }: Worked): number {
  return delivered.reduce((sum, { vendor, dataset, cells }) => {
    const work = works.find((one) => one.dataset === dataset && one.vendors.includes(vendor))
    return work === undefined ? sum : sum + Math.ceil(cells / cellsPerCall(scene, vendor, work))
  }, 0)
}

const quantile = (ascending: readonly number[], share: number): number =>
  ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0
