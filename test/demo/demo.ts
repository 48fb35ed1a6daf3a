/** The demo: the vendor lab and a node on loopback ports, one night over real HTTP, and what came of it. */
import { once } from 'node:events'
import { appendFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { listExports } from '../../db/exports/exports.ts'
import { instantOf } from '../../functions/_calendar/zone.ts'
import { cut, type Screen, screenOf, wrap } from '../../functions/_cli/screen.ts'
import { virtualClock } from '../../functions/_runtime/clock.ts'
import type { StepEnding } from '../../functions/_runtime/run-chain.ts'
import { type RunningNode, startNode } from '../../functions/_runtime/start.ts'
import { draw, seedOf } from '../lab/chance.ts'
import { type Lab, startLab } from '../lab/lab.ts'
import { OptionError } from './arguments.ts'
import { deadVendors, writeDemoConfig } from './demo-config.ts'
import { EXIT_INTERRUPTED, type Interrupt, onInterrupt } from './interrupt.ts'
import { makeRoot } from './make-root.ts'
import { inDemoWords, pagesOf, pathText, serveCommand, servedAddress } from './next-step.ts'
import type { Options } from './options.ts'
import { type NightView, nightView } from './progress.ts'
import {
  type Before,
  cellReport,
  cellRows,
  cellWorthReading,
  ledgerLines,
  lookBefore,
  progressReader,
  someActions,
  taskReport,
  vendorReport,
} from './report.ts'
import { bindRoot, rootOptions } from './root-options.ts'
import { demoCron, type Scene, setScene } from './scenario.ts'
import { actionLine, cellTable, isClosed, reasonLines, type ShownAction, taskLine, vendorTable } from './tables.ts'

/** The hour of the night chain in cron.json. */
const NIGHT = '20:30'
/** Real milliseconds between two looks at what is done. */
const LOOK_EVERY_MS = 200
/** Symbols named in the head. */
const NAMED = 8

/** Plays the night that the options describe. Returns the exit code. */
export async function runDemo(options: Options): Promise<number> {
  const begun = performance.now()
  const screen = screenOf(options.json ? process.stderr : process.stdout)
  const interrupt = onInterrupt()
  const scene = await setScene(options)
  const root = resolve(options.root)
  await makeRoot(root)
  await bindRoot(root, rootOptions(options, scene))
  const evening = instantOf(scene.asof, NIGHT)
  const clock = virtualClock(evening)
  const steps = stepsOf(await demoCron())
  let lab: Lab | undefined
  const calls = (): Record<string, number> => (lab ? callsOf(lab) : {})
  const view = nightView({ screen, now: clock.now, steps, calls })
  for (const line of headOf(options, scene, root, screen)) screen.say(line)
  const dead = deadVendors(root)
  lab = await startLab({
    now: clock.now,
    seed: options.seed,
    plan: scene.plan,
    ...scene.sources,
    deaths: scene.deaths,
    dead: [...dead.names, ...(options.kill ?? [])],
    onDeath: (vendor) => {
      dead.add(vendor)
      view.event(screen.paint('yellow', `${vendor} dies: it resets every connection from here on`))
    },
  })
  let running: RunningNode | undefined
  try {
    const env = await writeDemoConfig(root, scene, lab, options.port)
    const log = logInto(join(root, 'node.log'))
    const node = await startNode({
      env,
      clock,
      random: seededChance(options.seed),
      sink: (line) => {
        log.write(line)
        view.log(line)
      },
    })
    running = node
    log.begin()
    interrupt.onAsked(async () => {
      view.end()
      screen.say('Stopping: calls under way finish first. Ctrl-C again leaves at once.')
      await node.stop()
    })
    const before = await lookBefore(node.node.db)
    const endings = interrupt.isAsked() ? [] : await playNight(node, evening, view)
    if (interrupt.isAsked()) return stopped(screen)
    const isClean = await tell({ options, scene, screen, running, lab, before, endings, begun, env })
    if (options.serve) await served(node.address, screen, interrupt)
    return isClean ? 0 : 1
  } catch (error) {
    if (interrupt.isAsked()) return stopped(screen)
    throw error instanceof OptionError ? error : new Error(inDemoWords(messageOf(error)))
  } finally {
    view.end()
    await running?.stop()
    await lab.close()
  }
}

/** Plays the night and shows what is done by now, until it ends. */
async function playNight({ node, invoker, address }: RunningNode, evening: number, view: NightView) {
  const read = await progressReader(address, node.config, node.db)
  view.update(await read())
  let isReading = false
  const look = async (): Promise<void> => {
    if (isReading) return
    isReading = true
    // A stopped node has no database any more.
    const counts = await read().catch(() => null)
    isReading = false
    if (counts) view.update(counts)
  }
  const looks = setInterval(() => void look(), LOOK_EVERY_MS)
  try {
    const endings = await invoker.play('night', evening)
    await look()
    return endings
  } finally {
    clearInterval(looks)
    view.end()
  }
}

interface Told {
  options: Options
  scene: Scene
  screen: Screen
  running: RunningNode
  lab: Lab
  before: Before
  endings: StepEnding[]
  begun: number
  env: Record<string, string>
}

/** Tells what the night came to, and where to go on. Returns whether all went well. */
async function tell({ options, scene, screen, running, lab, before, endings, begun, env }: Told): Promise<boolean> {
  const { node, address } = running
  const width = screen.width()
  const { paint } = screen
  const failed = endings.filter(({ ok }) => !ok)
  const bundle = (await listExports(node.db)).find((made) => made.asof === scene.asof)
  const lines = await ledgerLines(node.lake)
  const rows = await cellRows(address, node.config, lines)
  const tasks = await taskReport(node.db, before)
  const vendors = vendorReport(lab)
  const path = join(env.EXPORT_ROOT as string, 'nightly', scene.asof)
  const budgets = Object.fromEntries(node.vendors.map(({ name, config }) => [name, config.calls_per_minute]))
  const actions = await someActions(node.lake)
  const cell = await cellWorthReading(node.lake)
  const say = (...said: string[]): void => said.forEach((line) => void screen.say(line))

  say('', ...cellTable(rows, paint), '', ...rows.flatMap(({ dataset }) => reasonLines(dataset, lines, width)))
  say('', ...vendorTable(vendors, budgets, paint), taskLine(tasks))
  if (actions.length > 0) say('', paint('bold', '  corporate actions, for example'))
  say(...actions.map((action) => wrap(actionLine(action), width, '      ')))
  for (const { call, error } of failed) say(wrap(paint('red', `  ${call} failed: ${error}`), width, '    '))
  say('', paint('bold', '  bundle'), `    ${pathText(path, process.cwd())}`)
  say(`    ${bundle?.files} files, ${bundle?.bytes} bytes`, `    digest ${bundle?.digest}`)
  say('', ...nextSteps(options, screen, options.serve ? address : null, cell, actions))

  if (options.json) {
    const seconds = Number(((performance.now() - begun) / 1000).toFixed(1))
    const peakRssMb = Math.round(process.resourceUsage().maxRSS / 1024)
    const { files, bytes, digest } = bundle ?? {}
    const report = {
      asof: scene.asof,
      cells: cellReport(lines),
      tasks,
      vendors,
      bundle: { path, files, bytes, digest },
    }
    process.stdout.write(`${JSON.stringify({ ...report, seconds, peakRssMb })}\n`)
  }
  const violations = Object.values(vendors).reduce((sum, vendor) => sum + vendor.violations, 0)
  return failed.length === 0 && violations === 0 && rows.every(isClosed)
}

function headOf(options: Options, { config, asof, plan }: Scene, root: string, screen: Screen): string[] {
  const symbols = config.universe.map(({ symbol }) => symbol)
  const more = symbols.length > NAMED ? ` and ${symbols.length - NAMED} more` : ''
  const row = (name: string, text: string): string =>
    `  ${screen.paint('dim', name.padEnd(9))}${wrap(text, screen.width() - 11).replaceAll('\n', `\n${' '.repeat(11)}`)}`
  return [
    screen.paint('bold', cut('The first night of a data node, against a simulated lab of vendors', screen.width())),
    row('seed', `${options.seed}`),
    row('symbols', `${symbols.length}: ${symbols.slice(0, NAMED).join(', ')}${more}`),
    row('evening', `${asof} ${NIGHT} New York on a simulated clock, plan ${plan}`),
    row('root', `${pathText(root, process.cwd())} (log: node.log)`),
    '',
  ]
}

function nextSteps(
  options: Options,
  screen: Screen,
  address: string | null,
  cell: { dataset: string; symbol: string; dt: string } | undefined,
  [action]: ShownAction[],
): string[] {
  const cells = [...(cell ? [cell] : []), ...(action ? [{ dataset: 'corporate_actions', ...action }] : [])]
  const pages = pagesOf(address ?? servedAddress(options), cells)
  const bold = (text: string): string => screen.paint('bold', text)
  if (address !== null) return [bold('  the node serves; open'), ...pages.map((page) => `  ${page}`)]
  const command = serveCommand(options, screen.width() - 2)
  return [
    bold('  next: start the node of this root, on the same simulated clock'),
    ...command.map((line) => `  ${line}`),
    bold('  then open'),
    ...pages.map((page) => `  ${page}`),
  ]
}

async function served(address: string, screen: Screen, interrupt: Interrupt): Promise<void> {
  screen.say(`Serving at ${address} until Ctrl-C`)
  if (!interrupt.isAsked()) await once(interrupt.signal, 'abort')
}

function stopped(screen: Screen): number {
  screen.say('Stopped. Run the same command again to go on.')
  return EXIT_INTERRUPTED
}

/** The log of one run. Kept back until the node owns the root: another demo may be running there, and its log is its own. */
function logInto(file: string): { write(line: string): void; begin(): void } {
  let held: string | null = ''
  return {
    write: (line) => {
      if (held === null) appendFileSync(file, line)
      else held += line
    },
    begin: () => {
      writeFileSync(file, held ?? '')
      held = null
    },
  }
}

function seededChance(seed: number): () => number {
  const stream = seedOf(seed, 'node')
  let drawn = 0
  return () => draw(stream, drawn++)
}

const stepsOf = ({ chains }: Awaited<ReturnType<typeof demoCron>>): string[] =>
  chains.flatMap(({ steps }) => steps.map(({ call }) => call))

const callsOf = (lab: Lab): Record<string, number> =>
  Object.fromEntries(Object.entries(vendorReport(lab)).map(([vendor, { calls }]) => [vendor, calls]))

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
