/** `npm run lab`: the vendors of the lab by themselves, on a simulated clock that a node can share. */
import { resolve } from 'node:path'
import { loadConfig } from '../../config/load.ts'
import { newYorkDt } from '../../functions/_calendar/zone.ts'
import { type Screen, screenOf } from '../../functions/_cli/screen.ts'
import { simulatedClock, systemClock } from '../../functions/_runtime/clock.ts'
import { CONNECTORS } from '../../functions/_vendors/registry.ts'
import { onInterrupt } from '../demo/interrupt.ts'
import { makeRoot } from '../demo/make-root.ts'
import { pathText, quoted } from '../demo/next-step.ts'
import { clockText } from '../demo/progress.ts'
import { bindRoot, pathOption } from '../demo/root-options.ts'
import { LAB_LIMITS, type Lab, type LabVendorName, startLab } from './lab.ts'
import { NOTE_EVERY_MS, openClock } from './lab-clock.ts'
import { folderMarket, inventedMarket } from './lab-market.ts'
import { exportsText, writeLabFiles } from './lab-node-files.ts'
import type { LabRunOptions } from './lab-options.ts'

const NAMES: readonly LabVendorName[] = ['alpaca', 'massive', 'fred']
const ROOT_FILE = 'lab.json'
/** Notes of the clock between two lines on what the vendors were asked; none while nobody asks. */
const NOTES_A_REPORT = 2

/** Runs until Ctrl-C. Returns the exit code. */
export async function runLab(options: LabRunOptions): Promise<number> {
  const screen = screenOf(process.stdout)
  const interrupt = onInterrupt()
  const root = resolve(options.root)
  const shipped = resolve('config')
  const config = await loadConfig({ folder: shipped, vendors: CONNECTORS.map(({ name }) => name) })
  const { seed, data } = options
  const served = data === undefined ? null : folderMarket(seed, data)
  await makeRoot(root)
  await bindRoot(root, { seed: String(seed), data: pathOption(data) }, ROOT_FILE)
  const { begun, simulation, note } = await openClock(root, options.at, options.speed, systemClock.now())
  const clock = simulatedClock(simulation)
  const market = served ?? inventedMarket(seed, config, newYorkDt(begun))
  const lab = await startOn(options.port, { ...market, now: clock.now, seed, plan: 'basic' })
  try {
    const urls = { alpaca: lab.alpaca.url, massive: lab.massive.url, fred: lab.fred.url }
    const files = await writeLabFiles(root, shipped, urls, simulation)
    for (const line of headOf(options, lab, files.vendors, clock.now(), screen)) screen.say(line)
    for (const line of settingsOf(files, screen)) screen.say(line)
    await note(clock.now())
    const report = reporter(lab, clock.now, screen)
    for (let noted = 1; !interrupt.isAsked(); noted++) {
      await systemClock.sleep(NOTE_EVERY_MS, interrupt.signal)
      await note(clock.now())
      if (noted % NOTES_A_REPORT === 0) report()
    }
    for (const line of countsOf(lab)) screen.say(line)
    screen.say('The lab has stopped, and its clock with it. Start both again to go on.')
    return 0
  } finally {
    await lab.close()
  }
}

async function startOn(port: number, terms: Omit<Parameters<typeof startLab>[0], 'ports'>): Promise<Lab> {
  const ports = { alpaca: port, massive: port + 1, fred: port + 2 }
  try {
    return await startLab({ ...terms, ports })
  } catch (error) {
    const { code, port: taken } = error as { code?: string; port?: number }
    if (code !== 'EADDRINUSE' && code !== 'EACCES') throw error
    throw new Error(
      `port ${taken ?? port} on 127.0.0.1 cannot be used (${code}): give another --port; the lab takes three`,
    )
  }
}

function headOf(
  { seed, speed, data }: LabRunOptions,
  lab: Lab,
  vendors: string,
  now: number,
  screen: Screen,
): string[] {
  const row = (name: string, text: string): string => `  ${screen.paint('dim', name.padEnd(9))}${text}`
  return [
    screen.paint('bold', 'A simulated lab of vendors, for a node that is started by itself'),
    row('seed', String(seed)),
    row('market', data === undefined ? 'invented prices for every ticker' : `the files of ${data}`),
    row('clock', `${newYorkDt(now)} ${clockText(now)} New York, ${speed} s in a second`),
    ...NAMES.map((name) => row(name, `${lab[name].url}  ${LAB_LIMITS[name]} calls a minute`)),
    row('vendors', pathText(vendors, process.cwd())),
  ]
}

function settingsOf({ env, settings }: Awaited<ReturnType<typeof writeLabFiles>>, { paint }: Screen): string[] {
  return [
    paint('bold', '\nsettings of a node that plays against it'),
    exportsText(settings).trimEnd(),
    paint('bold', '\nin another terminal, with these settings (UNIVERSE=FILE for symbols of your own)'),
    `  . ${quoted(shellPath(env))} && npm start`,
    '\nThe lab runs until Ctrl-C.',
  ]
}

/** Says what was asked since the last time, if anything was. */
function reporter(lab: Lab, now: () => number, screen: Screen): () => void {
  let before = 0
  return () => {
    const asked = NAMES.map((name) => lab[name].stats())
    const calls = asked.reduce((sum, { calls }) => sum + calls, 0)
    if (calls === before) return
    before = calls
    const parts = NAMES.map((name, at) => `${name} ${asked[at]?.calls}`)
    screen.say(`  ${newYorkDt(now())} ${clockText(now())}  calls: ${parts.join(', ')}`)
  }
}

const countsOf = (lab: Lab): string[] =>
  NAMES.map((name) => {
    const { calls, rows, violations } = lab[name].stats()
    return `  ${name.padEnd(9)}${calls} calls, ${violations} beyond the limit, ${rows} rows served`
  })

/** A dot command looks for a bare name in PATH. */
function shellPath(path: string): string {
  const short = pathText(path, process.cwd())
  return short.startsWith('/') ? short : `./${short}`
}
